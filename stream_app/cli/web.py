"""`stream-app web`: the live view."""

from __future__ import annotations

import asyncio
import json
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("web")(web)
    app.command("web-token")(web_token)


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
    page shows is JSON as well, under /api/v1 (described in /api/v1/openapi.json). With STREAM_APP_METRICS_PORT it shows
    its metrics and its health at a port of their own.
    """
    import logging
    from functools import cache

    from stream_app.connections import bootstrap_servers, database_url
    from stream_app.errors import InvalidInput
    from stream_app.logs import configure
    from stream_app.monitoring import Readiness, monitored
    from stream_app.settings import settings
    from stream_app.web.accounts import parse_accounts
    from stream_app.web.server import serve

    chosen = settings()
    try:
        accounts = parse_accounts(chosen.web_tokens.get_secret_value())
    except ValueError as error:
        raise InvalidInput(f"STREAM_APP_WEB_TOKENS: {error}") from None
    # It reports every single try while the broker is away; the reader says it once.
    configure(chosen, {"aiokafka": logging.CRITICAL})

    def started(address: str) -> None:
        typer.echo(json.dumps({"address": address}) if as_json else f"The live view is at {address}")

    readiness = Readiness()
    with monitored(chosen, readiness):
        asyncio.run(
            serve(
                bootstrap_servers(chosen),
                host or chosen.web_host,
                chosen.web_port if port is None else port,
                app_id=chosen.group,
                database_url=database_url(chosen),
                accounts=accounts,
                session_key=chosen.web_session_key.get_secret_value() if chosen.web_session_key else None,
                window=chosen.window,
                pooled=cache(chosen.league_config) if chosen.promote_scope == "all" else None,
                alpha=chosen.promote_alpha,
                batch_s=chosen.web_batch_ms / 1000,
                started=started,
                readiness=readiness,
            )
        )


def web_token(
    name: Annotated[str, typer.Argument(help="Whose token it is: it stands in the history beside what was changed.")],
    role: Annotated[
        str, typer.Option(help="viewer: known by name, may look. operator: may change which models are at work.")
    ] = "viewer",
    as_json: Annotated[bool, typer.Option("--json", help="Say it as one line of JSON.")] = False,
) -> None:
    """Make a token for the live view.

    The token is shown once and kept nowhere; only its hash goes into STREAM_APP_WEB_TOKENS, separated by commas from
    those of others. Taking the entry out, and starting the live view again, takes the token and its sessions away.
    """
    from stream_app.errors import InvalidInput
    from stream_app.web.accounts import digest_of, new_token, parse_accounts

    token = new_token()
    entry = f"{name}:{role}:{digest_of(token)}"
    try:
        parse_accounts(entry)
    except ValueError as error:
        raise InvalidInput(str(error)) from None
    if as_json:
        typer.echo(json.dumps({"name": name, "role": role, "token": token, "entry": entry}))
        return
    typer.echo(f"The token, shown this once: {token}")
    typer.echo(f"Its entry in STREAM_APP_WEB_TOKENS: {entry}")
