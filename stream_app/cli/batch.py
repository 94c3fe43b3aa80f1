"""`stream-app batch`: what a model says of every line of a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stream_app.cli.desk import ModelId, NoLog, Version

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stream_app.evaluation_log.row import LogRow
    from stream_app.events import Forecast

COLUMNS = (
    "match_id",
    "model",
    "version",
    "p_home",
    "p_draw",
    "p_away",
    "outcome",
    "confidence",
    "status",
    "event_id",
)
EXIT_LEFT_OUT = 1


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("batch")(batch)


def batch(
    file: Annotated[
        Path, typer.Argument(help="CSV file with a header, or JSON Lines (.jsonl, .ndjson).", show_default=False)
    ],
    model_id: ModelId = None,
    version: Version = None,
    out: Annotated[
        Path | None, typer.Option(help="File to write; default: standard output.", show_default=False)
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="End at the first bad line, with nothing written.")] = False,
    no_log: NoLog = False,
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON Lines instead of CSV.")] = False,
) -> None:
    """Predict every match of a file, and write one line a match.

    The file has a column for each number that the model takes, by its name, and may have one called match_id. An empty
    field is a number that is not known. A bad line is reported with file, line, field and value, and left out; then the
    exit code is 1. Every prediction is kept in the evaluation log. Works with no service running.

    Example: stream-app batch matches.csv --model-id custom_v1 --out predictions.csv
    """
    import time
    from datetime import UTC, datetime

    from stream_app.cli import desk
    from stream_app.errors import InvalidInput
    from stream_app.evaluation_log.own_events import prediction_row
    from stream_app.settings import settings
    from stream_app.workbench import answers
    from stream_app.workbench.shelf import DEFAULT_MODEL
    from stream_app.workbench.table import read_table

    begun = time.perf_counter()
    configured, now = settings(), datetime.now(UTC)
    config = configured.league_config("")
    ready = desk.shelf_of(configured).get(DEFAULT_MODEL if model_id is None else model_id, version)
    entry = ready.entry
    table = read_table(file)
    table.require(entry.features)
    if out is not None and not out.absolute().parent.is_dir():
        raise InvalidInput(f"--out {out}: there is no folder {out.absolute().parent}; wanted one that exists")
    answered: list[dict[str, Any]] = []
    events: list[LogRow] = []
    left_out = 0
    with desk.progress("predicting", len(table.lines)) as advance:
        for line in table.lines:
            advance()
            try:
                values = line.values(entry.features)
                match_id = line.text("match_id") or f"{file.name}:{line.number}"
                said = answers.ask(ready, values, config)
                event = prediction_row(
                    entry.model,
                    match_id,
                    desk.probabilities(said),
                    said.confidence,
                    competition=line.text("competition"),
                    model_version=entry.version,
                    metadata={"features": values, "status": said.status, "source": table.file},
                    now=now,
                )
            except InvalidInput as error:
                if strict:
                    raise
                typer.echo(str(error) if table.file in str(error) else f"{table.file}:{line.number}: {error}", err=True)
                left_out += 1
                continue
            events.append(event)
            answered.append(_row(match_id, said, None if no_log else event.event_id))
    if events and not no_log:
        desk.keep(events, configured)
    text = _json_lines(answered) if as_json else _csv(answered)
    if out is None:
        typer.echo(text, nl=False)
    else:
        try:
            out.write_text(text, encoding="utf-8")
        except OSError as error:
            raise InvalidInput(f"--out {out}: {error.strerror}; wanted a file that can be written") from None
    seconds = time.perf_counter() - begun
    typer.echo(f"{len(answered):,} predicted, {left_out:,} left out, in {seconds:.1f} s", err=True)
    if left_out:
        raise typer.Exit(EXIT_LEFT_OUT)


def _row(match_id: str, said: Forecast, event_id: str | None) -> dict[str, Any]:
    given = said.probabilities
    values = (
        match_id,
        said.model,
        said.version,
        given.H,
        given.D,
        given.A,
        said.outcome,
        said.confidence,
        said.status,
        event_id,
    )
    return dict(zip(COLUMNS, values, strict=True))


def _csv(rows: Iterable[dict[str, Any]]) -> str:
    import csv
    import io

    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _json_lines(rows: Iterable[dict[str, Any]]) -> str:
    import orjson

    return "".join(orjson.dumps(row).decode() + "\n" for row in rows)
