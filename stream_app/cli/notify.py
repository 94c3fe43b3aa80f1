"""`stream-app notify`: e-mail and webhooks."""

from __future__ import annotations

from typing import Annotated

import typer

EXIT_FAILED = 1


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("notify")(notify)


def notify(
    from_beginning: Annotated[
        bool,
        typer.Option(
            "--from-beginning", help="Tell a receiver that is new of everything that the topics hold, not only of news."
        ),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Say who is told as one line of JSON.")] = False,
) -> None:
    """Tell by e-mail and webhook what happens to the models.

    Alerts (decay-alerts) and model events go to the addresses of STREAM_APP_NOTIFY_WEBHOOKS and to
    STREAM_APP_NOTIFY_MAIL_TO through the mail server STREAM_APP_NOTIFY_SMTP_HOST, each at least once: a receiver that
    is away is tried until STREAM_APP_NOTIFY_GIVE_UP_S, then the message goes to the dead letters. What is told is
    chosen with STREAM_APP_NOTIFY_SEVERITY, _KINDS and _COMPETITIONS; _QUIET and _DIGEST_S hold back what is not
    critical. A process of its own: no worker waits for it. Ends cleanly with Ctrl-C or SIGTERM.
    """
    import asyncio
    import json
    import logging
    import signal

    from stream_app.connections import bootstrap_servers
    from stream_app.errors import StreamAppError
    from stream_app.logs import configure
    from stream_app.monitoring import Readiness, monitored
    from stream_app.notify.service import channels_of, run
    from stream_app.settings import settings

    chosen = settings()
    bootstrap, names = bootstrap_servers(chosen), [channel.name for channel in channels_of(chosen)]
    configure(chosen)
    typer.echo(json.dumps({"channels": names}) if as_json else f"Telling {', '.join(names)}")

    async def serve() -> None:
        stopped = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stopped.set)
        await run(bootstrap, chosen, stopped, readiness, from_beginning=from_beginning)

    readiness = Readiness()
    try:
        with monitored(chosen, readiness):
            asyncio.run(serve())
    except StreamAppError:
        raise
    except Exception as error:
        logging.getLogger(__name__).critical("notification cannot go on: %s: %s", type(error).__name__, error)
        raise typer.Exit(EXIT_FAILED) from error
