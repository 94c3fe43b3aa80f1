"""Where Kafka and PostgreSQL are: as the settings say, else the local stack that runs in the data folder."""

from __future__ import annotations

from pathlib import Path
from typing import TypedDict

import orjson

from stream_app.errors import InvalidInput
from stream_app.settings import Settings

STATE_FILE = "stack.json"
"""Name of the file in the data folder in which a running local stack leaves its addresses."""


class StackAddresses(TypedDict):
    """What the local stack writes into its state file."""

    kafka: str
    database_url: str


def local_stack(data_dir: Path) -> StackAddresses | None:
    """The addresses of the local stack in `data_dir`, None when there is none."""
    try:
        state: StackAddresses = orjson.loads((data_dir / STATE_FILE).read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return None
    return state


def bootstrap_servers(settings: Settings) -> str:
    """Kafka's bootstrap servers. Raises InvalidInput when neither the settings nor a local stack name any."""
    if settings.kafka:
        return settings.kafka
    stack = local_stack(settings.data_dir)
    if stack is None:
        raise InvalidInput(
            "no Kafka: set STREAM_APP_KAFKA=host:port, or start the local stack with `stream-app dev up`"
            f" (looked in {settings.data_dir / STATE_FILE})"
        )
    return stack["kafka"]


def database_url(settings: Settings) -> str | None:
    """PostgreSQL's address, None when neither the settings nor a local stack name one."""
    if settings.database_url:
        return settings.database_url.get_secret_value()
    stack = local_stack(settings.data_dir)
    return stack["database_url"] if stack else None
