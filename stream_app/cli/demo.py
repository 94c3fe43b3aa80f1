"""`stream-app demo`: everything at once, on one machine."""

from __future__ import annotations

from typing import Annotated

import typer

EXIT_INTERRUPTED = 130


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("demo")(demo)


def demo(
    once: Annotated[
        bool, typer.Option("--once", help="Stop everything after the table; the exit code says whether all came out.")
    ] = False,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Delete what an earlier run has left, and start over.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print .demo/summary.json at the end.")] = False,
) -> None:
    """Replay 46 seasons of the Bundesliga through the whole service and watch it live.

    Brings up a real Kafka and a real PostgreSQL on this machine, creates the topics, starts a worker, the evaluation
    log and the live view, sends 14,018 matches through the topics and says how good the predictions were. Everything
    lies in .demo: data, logs, summary.json, evaluation_log.csv. Serves the live view until Ctrl-C. A second run goes
    on where the first one was; nothing is counted twice.
    """
    from stream_app.dev import demo
    from stream_app.dev.signals import stopped_by_signals
    from stream_app.settings import settings

    try:
        with stopped_by_signals():
            code = demo.run(settings(), once=once, fresh=fresh)
    except KeyboardInterrupt:
        raise typer.Exit(EXIT_INTERRUPTED) from None
    if as_json:
        typer.echo((demo.FOLDER / "summary.json").read_text(encoding="utf-8"), nl=False)
    raise typer.Exit(code)
