"""`stream-app evidence` and `stream-app watch-evidence`: what the evaluations prove about pairs of models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from stream_app.cli.starting import AsJsonLines, started

if TYPE_CHECKING:
    from stream_app.events import Comparison

EXIT_FAILED = 1


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    app.command("evidence")(evidence)
    app.command("watch-evidence")(watch_evidence)


def evidence(
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as one line of JSON.")] = False,
) -> None:
    """Show which models have proven better than a champion, in each competition and in all together.

    Reads all evaluations. An e-value of 1 / alpha (20 for the default of 5 %) is a proof, however often one looks; from
    3 on the evidence leans that way, and less is as good as nothing. `difference` is the mean log loss of the champion
    less that of the challenger, in nats a match, with a lower and an upper bound that hold at all times.
    """
    import asyncio

    import orjson

    from stream_app.connections import bootstrap_servers
    from stream_app.evidence_watch.watcher import gather
    from stream_app.settings import settings

    chosen = settings()
    pool = asyncio.run(gather(bootstrap_servers(chosen), chosen))
    together, own = pool.comparisons(chosen.promote_alpha), pool.own_comparisons(chosen.promote_alpha)
    if as_json:
        typer.echo(orjson.dumps({"all": together, "competitions": own}).decode())
        return
    if not own:
        typer.echo("There are no evaluations yet.")
    for name, comparisons in (("all competitions", together), *own.items()):
        if comparisons:
            typer.echo(name)
        for comparison in comparisons:
            typer.echo(f"  {line(comparison)}")


def line(told: Comparison) -> str:
    """A comparison as one line."""
    return (
        f"{told.challenger} against {told.champion}: {told.leaning}, e-value {max(told.e_better, told.e_worse):.3g}"
        f" in {told.matches} matches; difference {told.difference:+.4f} ({told.lower:+.4f} to {told.upper:+.4f}),"
        f" gain in skill {told.gain:+.1%}"
    )


def watch_evidence(as_json: AsJsonLines = False) -> None:
    """Propose a challenger where all competitions together have proven it better.

    For STREAM_APP_PROMOTE_SCOPE=all: the evaluations of all competitions are followed, and what is proven goes to the
    model commands as a proposal, which waits for a person or is carried out (STREAM_APP_APPROVAL). With the scope
    `competition` the leagues propose by themselves, and this proposes nothing. It keeps no state: each start reads the
    evaluations from the beginning. With STREAM_APP_METRICS_PORT it shows its metrics and its health. Ends cleanly with
    Ctrl-C or SIGTERM.
    """
    import asyncio
    import logging
    import signal

    from stream_app.connections import bootstrap_servers
    from stream_app.errors import StreamAppError
    from stream_app.evidence_watch.watcher import watch
    from stream_app.logs import configure
    from stream_app.monitoring import Readiness, monitored
    from stream_app.settings import settings

    chosen = settings()
    bootstrap = bootstrap_servers(chosen)
    scope = chosen.promote_scope
    said = f"Watching the evidence of all competitions; promotions have the scope {scope}"
    configure(started(chosen, as_json, {"started": "watch-evidence", "scope": scope}, said))

    async def serve() -> None:
        stopped = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stopped.set)
        await watch(bootstrap, chosen, stopped, readiness)

    readiness = Readiness()
    try:
        with monitored(chosen, readiness):
            asyncio.run(serve())
    except StreamAppError:
        raise
    except Exception as error:
        logging.getLogger(__name__).critical("the watch cannot go on: %s: %s", type(error).__name__, error)
        raise typer.Exit(EXIT_FAILED) from error
