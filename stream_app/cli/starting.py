"""What commands that start a part of the service have in common."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from stream_app.settings import Settings

AsJsonLines = Annotated[
    bool, typer.Option("--json", help="Say the start, and log, in lines of JSON, whatever STREAM_APP_LOG_FORMAT says.")
]


def started(settings: Settings, as_json: bool, facts: dict[str, object], text: str | None = None) -> Settings:
    """Say on standard output that a part starts, as `text` or as `facts`; the settings by which it is to log."""
    if as_json:
        typer.echo(json.dumps(facts))
    elif text is not None:
        typer.echo(text)
    return settings.model_copy(update={"log_format": "json"}) if as_json else settings
