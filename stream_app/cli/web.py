"""`stream-app web`: the live view."""

from __future__ import annotations

import asyncio
import json
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("web")(web)


def web(
    host: Annotated[
        str | None,
        typer.Option(help="Address to listen on. Default: STREAM_APP_WEB_HOST, this machine only."),
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one. Default: STREAM_APP_WEB_PORT."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Say the address as one line of JSON.")] = False,
) -> None:
    """Serve the live view and its JSON API.

    The pages show what the workers publish, a fraction of a second after they do: scoreboards, predictions, results,
    alerts. Any number of these processes can run side by side; each reads the topics on its own. Everything that a
    page shows is JSON as well, under /api/v1 (described in /api/v1/openapi.json).
    """
    import logging

    from stream_app.connections import bootstrap_servers, database_url
    from stream_app.settings import settings
    from stream_app.web.server import serve

    chosen = settings()
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    # It reports every single try while the broker is away; the reader says it once.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)

    def started(address: str) -> None:
        typer.echo(json.dumps({"address": address}) if as_json else f"The live view is at {address}")

    asyncio.run(
        serve(
            bootstrap_servers(chosen),
            host or chosen.web_host,
            chosen.web_port if port is None else port,
            app_id=chosen.app_id,
            database_url=database_url(chosen),
            window=chosen.window,
            batch_s=chosen.web_batch_ms / 1000,
            started=started,
        )
    )
