"""`stream-app sink`: the evaluation log."""

from __future__ import annotations

from typing import Annotated

import typer

EXIT_FAILED = 1


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("sink")(sink)


def sink(
    as_json: Annotated[bool, typer.Option("--json", help="Say where the log is kept as one line of JSON.")] = False,
) -> None:
    """Keep every prediction, evaluation, alert and model event in the evaluation log.

    The log is kept twice: in evaluation_log.csv in the data folder (STREAM_APP_DATA_DIR), and in the table
    evaluation_log of PostgreSQL (STREAM_APP_DATABASE_URL, or the local stack of `stream-app dev up`). Without a
    database the file alone is kept. Each event is in each of them once, whatever dies and whenever; a database that is
    away is waited for. With STREAM_APP_RECONCILE_INTERVAL_S the two are compared with each other and with Kafka every
    so many seconds, and what is found becomes an event too. With STREAM_APP_METRICS_PORT it shows
    its metrics and its health. Ends cleanly with Ctrl-C or SIGTERM.
    """
    import asyncio
    import json
    import logging
    import signal

    from stream_app.connections import bootstrap_servers, database_url
    from stream_app.errors import InvalidInput, Retryable
    from stream_app.evaluation_log.csv_files import active
    from stream_app.evaluation_log.csv_log import CsvLog
    from stream_app.evaluation_log.database import shown
    from stream_app.evaluation_log.postgres import PostgresLog
    from stream_app.evaluation_log.reconcile import Sides
    from stream_app.evaluation_log.schedule import reconcile_every
    from stream_app.evaluation_log.sink import run
    from stream_app.evaluation_log.store import Store
    from stream_app.logs import configure
    from stream_app.monitoring import Readiness, monitored
    from stream_app.settings import settings

    chosen = settings()
    bootstrap, url = bootstrap_servers(chosen), database_url(chosen)
    configure(chosen)

    csv = active(chosen.data_dir)
    database = shown(url) if url else None
    if as_json:
        typer.echo(json.dumps({"csv": str(csv), "database": database}))
    else:
        typer.echo(f"The evaluation log is kept in {csv} and in {database or 'no database'}")

    stores: list[Store] = [CsvLog(chosen.data_dir)]
    if url:
        stores.append(PostgresLog(url))

    async def serve() -> None:
        stopped = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stopped.set)
        work = [run(bootstrap, chosen.group, stores, stopped, readiness)]
        if chosen.reconcile_interval_s:
            sides = Sides(chosen.data_dir, url, bootstrap)
            work.append(reconcile_every(chosen.reconcile_interval_s, sides, chosen.expire_after_days, stopped))
        await asyncio.gather(*work)

    readiness = Readiness()
    try:
        with monitored(chosen, readiness):
            asyncio.run(serve())
    except (InvalidInput, Retryable):
        raise
    except Exception as error:
        logging.getLogger(__name__).critical("the sink cannot go on: %s: %s", type(error).__name__, error)
        raise typer.Exit(EXIT_FAILED) from error
