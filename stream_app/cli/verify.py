"""`stream-app verify` and `stream-app rebuild`: prove what the workers did from the log, and make their tables anew."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from stream_app.durability.verify import Report

AsJson = Annotated[bool, typer.Option("--json", help="Print the report as one JSON object.")]
EXIT_DIFFERS = 1


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    app.command("verify")(verify)
    app.command("rebuild")(rebuild)


def verify(
    competition: Annotated[str | None, typer.Option(help="Verify this competition only.")] = None,
    as_json: AsJson = False,
) -> None:
    """Prove that nothing was lost, doubled or changed.

    Folds the match-log from its beginning, without the workers and beside them, and holds against it: every prediction,
    evaluation and alert in the topics, by id and to the byte, and the state in every snapshot, to the bit. Needs Kafka
    only. Exits with 1 when something differs.
    """
    import asyncio

    import orjson

    from stream_app.connections import bootstrap_servers
    from stream_app.log_tools import verify as run
    from stream_app.settings import settings

    report = asyncio.run(run(settings(), bootstrap_servers(settings()), competition))
    if as_json:
        print(orjson.dumps({"holds": report.holds, "report": report}, option=orjson.OPT_INDENT_2).decode())
    else:
        _print(report)
    if not report.holds:
        raise typer.Exit(EXIT_DIFFERS)


def rebuild(as_json: AsJson = False) -> None:
    """Make the workers' tables anew from the match-log: snapshots, checkpoints and scoreboards.

    Needed only when they are lost, or to have them ready before the first start of a version whose state has another
    format: a worker does the same by itself, competition by competition. Stop all workers first.
    """
    import asyncio

    from stream_app.connections import bootstrap_servers
    from stream_app.log_tools import rebuild as run
    from stream_app.settings import settings

    done = asyncio.run(run(settings(), bootstrap_servers(settings())))
    if as_json:
        import orjson

        print(orjson.dumps(done).decode())
    else:
        print(f"Rebuilt {done.competitions:,} competitions from {done.entries:,} log entries.")


def _print(report: Report) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("topic", "expected", "repeated", "pending", "missing", "differing", "unexpected")
    for topic in report.topics:
        faults = (topic.missing, topic.differing, topic.unexpected)
        counts = (topic.expected, topic.repeated, topic.pending, *(fault.count for fault in faults))
        table.add_row(topic.topic, *(f"{count:,}" for count in counts))
    console = Console()
    console.print(table)
    snapshots = report.snapshots
    print(
        f"Snapshots: {snapshots.equal:,} equal, {snapshots.differing.count:,} differing,"
        f" {snapshots.unusable.count:,} unusable"
    )
    for what, finding in [
        *((f"{topic.topic}: missing", topic.missing) for topic in report.topics),
        *((f"{topic.topic}: differing", topic.differing) for topic in report.topics),
        *((f"{topic.topic}: unexpected", topic.unexpected) for topic in report.topics),
        ("snapshots: differing", snapshots.differing),
        ("snapshots: unusable, rebuilt from the log when needed", snapshots.unusable),
    ]:
        if finding.count:
            print(f"{what}: {', '.join(finding.examples)}{' ...' if finding.count > len(finding.examples) else ''}")
    verdict = "Everything is as the log says." if report.holds else "NOT as the log says."
    print(f"{report.entries:,} entries of {report.competitions:,} competitions folded. {verdict}")
