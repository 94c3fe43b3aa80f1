"""`stream-app gateway`: the HTTP gateway, and tokens for it."""

from __future__ import annotations

import asyncio
import json
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    app.command("gateway")(gateway)
    app.command("gateway-token")(token)


def gateway(
    host: Annotated[
        str | None,
        typer.Option(help="Address to listen on. Default: STREAM_APP_GATEWAY_HOST, this machine only."),
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one. Default: STREAM_APP_GATEWAY_PORT."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Say the address as one line of JSON.")] = False,
) -> None:
    """Take messages with POST /v1/features and POST /v1/results, and send them to the brokers.

    One message (application/json) or a batch with one a line (application/x-ndjson), checked by the same schemas as in
    Kafka. The answer 202 means that the brokers have it all; asking again with the same Idempotency-Key, or the same
    message, changes nothing. Clients show a bearer token (`stream-app gateway-token`). Described in /v1/openapi.json.

    Example: curl -H "Authorization: Bearer $TOKEN" --json @features.json localhost:8090/v1/features
    """
    import logging

    from stream_app.connections import bootstrap_servers
    from stream_app.gateway.app import Limits
    from stream_app.gateway.server import serve
    from stream_app.gateway.tokens import Tokens
    from stream_app.logs import configure
    from stream_app.monitoring import Readiness, monitored
    from stream_app.settings import settings

    chosen = settings()
    # It reports every single try while the broker is away; clients are told with each answer.
    configure(chosen, {"aiokafka": logging.CRITICAL})

    readiness = Readiness(brokers="not connected to Kafka yet")

    def started(address: str) -> None:
        readiness.has("brokers")
        typer.echo(json.dumps({"address": address}) if as_json else f"The gateway is at {address}")

    with monitored(chosen, readiness):
        asyncio.run(
            serve(
                bootstrap_servers(chosen),
                host or chosen.gateway_host,
                chosen.gateway_port if port is None else port,
                tokens=Tokens.read(chosen.gateway_tokens.get_secret_value()),
                limits=Limits(
                    body_bytes=chosen.gateway_body_bytes,
                    message_bytes=chosen.max_message_bytes,
                    per_second=chosen.gateway_messages_per_s,
                    burst=chosen.gateway_burst,
                    answer_s=chosen.gateway_answer_s,
                ),
                started=started,
            )
        )


def token(
    client: Annotated[str, typer.Argument(help="Name of who will use it; messages carry it in a header.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print both as one JSON object.")] = False,
) -> None:
    """Make a bearer token for CLIENT.

    The token is shown once and goes to the client. What goes into the settings, STREAM_APP_GATEWAY_TOKENS (several with
    commas), is its hash: whoever reads the settings cannot send.
    """
    from stream_app.gateway.tokens import new_token

    made, setting = new_token(client)
    if as_json:
        typer.echo(json.dumps({"client": client, "token": made, "setting": setting}))
    else:
        typer.echo(f"token for {client}, not shown again:\n  {made}\nfor STREAM_APP_GATEWAY_TOKENS:\n  {setting}")
