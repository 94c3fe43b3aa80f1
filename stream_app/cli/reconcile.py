"""`stream-app reconcile`: the evaluation log's stores held against each other and against Kafka."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from stream_app.evaluation_log.report import Report

EXIT_NOT_CLEAN = 1

Moment = Annotated[
    str | None, typer.Option(help="A day, or a moment in ISO 8601: event time, UTC unless it says else.")
]


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("reconcile")(reconcile)


def reconcile(
    since: Moment = None,
    until: Moment = None,
    competition: Annotated[str | None, typer.Option(help="Only events of this competition.")] = None,
    repair: Annotated[bool, typer.Option("--repair", help="Put right what the other sides show to be wrong.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Answer as one line of JSON.")] = False,
) -> None:
    """Compare the CSV files, the database and the topics, event by event.

    Tells what is missing in a store, what differs from what was published (and in which columns), what was changed
    since it was written, what is there twice, which lines cannot be read, and evaluations without their prediction.
    Beside that, predictions that should long have a result, and results that had no prediction; those are no defects
    of the log. --since and --until (which is not included) choose by event time.

    --repair writes what is missing or wrong from the side that is shown to be right. It never deletes: a file gets the
    right line at its end, and the last line of an event counts. Every repair becomes an event of the log itself.

    Works while a sink is at work. Ends with 0 when nothing is wrong, or nothing any more, and with 1 otherwise.
    """
    import asyncio
    from datetime import UTC

    import orjson

    from stream_app.evaluation_log import reconcile as work
    from stream_app.evaluation_log.findings import Window
    from stream_app.settings import settings

    chosen = settings()
    window = Window(_moment("--since", since), _moment("--until", until), competition)
    report = asyncio.run(
        work.reconcile(
            work.sides_of(chosen),
            window,
            expire_after_days=chosen.expire_after_days,
            repair=repair,
            now=datetime.now(UTC),
        )
    )
    if as_json:
        typer.echo(orjson.dumps(report.plain()))
    else:
        _show(report)
    if not report.clean:
        raise typer.Exit(EXIT_NOT_CLEAN)


def _moment(option: str, text: str | None) -> datetime | None:
    from datetime import UTC

    from stream_app.errors import InvalidInput

    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise InvalidInput(
            f"{option} {text!r}: {error}; wanted a moment such as 2024-08-17 or 2024-08-17T15:30Z"
        ) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _show(report: Report) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console()
    events = Table("side", "events", "not read yet", title="The evaluation log")
    for side, count in report.events.items():
        behind = report.behind.get(side) if side != "topics" else None
        events.add_row(side, f"{count:,}", "" if behind is None else f"{behind:,}")
    console.print(events)
    if report.groups:
        wrong = Table("side", "what is wrong", "events", "repaired", "for example", title="Findings")
        for group in report.groups:
            examples = [
                " ".join(filter(None, (example.event_type, example.event_id, example.place, ", ".join(example.fields))))
                for example in group.examples[:3]
            ]
            wrong.add_row(group.side, group.defect, f"{group.count:,}", f"{group.repaired:,}", "\n".join(examples))
        console.print(wrong)
    for note, meaning in (
        (report.overdue, "predictions should long have a result"),
        (report.unpredicted, "matches have a result and had no prediction"),
    ):
        if note.count:
            console.print(f"{note.count:,} {meaning}, for example: {'; '.join(note.examples[:3])}")
    console.print("Clean." if report.clean else "Not clean.")
