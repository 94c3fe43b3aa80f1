"""`stream-app backtest`: how good the models would have been on past matches, without Kafka."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from stream_app.events import Evaluation, Features, Result
    from stream_app.feeds.backtest import Report
    from stream_app.feeds.datasets import PlayedMatch
    from stream_app.feeds.importing import Refuse
    from stream_app.feeds.json_lines import RefusedLine

Out = Annotated[
    Path | None,
    typer.Option(help="CSV file for one line a match and model: the probabilities given, and the outcome."),
]
Plot = Annotated[
    Path | None,
    typer.Option(help="PNG file for a reliability diagram: what was given against what happened, after the burn-in."),
]
Day = Annotated[
    datetime | None,
    typer.Option(
        "--from",
        formats=["%Y-%m-%d"],
        help="Score matches from this day on (UTC); those before only teach.",
        show_default=False,
    ),
]
LastDay = Annotated[
    datetime | None,
    typer.Option("--to", formats=["%Y-%m-%d"], help="Leave out matches after this day (UTC).", show_default=False),
]
Save = Annotated[
    bool,
    typer.Option(
        "--save",
        help="Keep what the models have learned in the data folder, for `stream-app predict --home --away`. The time"
        " that they take is not measured then.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the figures as one JSON object instead of a table.")]
Paths = Annotated[
    list[Path], typer.Argument(help="CSV files, or folders of them.", metavar="PATH...", show_default=False)
]
Strict = Annotated[bool, typer.Option("--strict", help="End at the first bad row instead of leaving it out.")]

HELP = (
    "Predict past matches one after the other, learning from each result, and score what was predicted.",
    "Every match is predicted an hour before its kickoff and learned 105 minutes after it, as the stream does it, so"
    " the figures are what the service would have reached. Models start knowing nothing: look at the figures after the"
    " burn-in of two seasons.",
    "'right' is the share of likeliest outcomes that came true; 'calib.' the mean distance, in ten bins, between the"
    " probabilities given and the shares that came true; 'chance' what a perfect model would show of that.",
)
EXIT_LEFT_OUT = 1


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    group = typer.Typer(no_args_is_help=True, help="\n\n".join(HELP))
    group.command("bundesliga")(bundesliga)
    group.command("football-data")(football_data)
    group.command("internationals")(internationals)
    group.command("jsonl")(jsonl)
    app.add_typer(group, name="backtest")


def bundesliga(
    out: Out = None,
    plot: Plot = None,
    since: Day = None,
    until: LastDay = None,
    save: Save = False,
    as_json: AsJson = False,
) -> None:
    """The 14,018 matches of the first German division from 1963 to 2009."""
    from stream_app.feeds.datasets import bundesliga as load

    _play("bundesliga", load, _Wanted(out, plot, since, until, save, as_json))


def football_data(
    paths: Paths,
    strict: Strict = False,
    out: Out = None,
    plot: Plot = None,
    since: Day = None,
    until: LastDay = None,
    save: Save = False,
    as_json: AsJson = False,
) -> None:
    """Files of football-data.co.uk: any divisions and seasons, with the odds that were known before the match.

    A row that is no match is reported with file, line, field and reason and left out; then the exit code is 1.

    Example: stream-app backtest football-data E0.csv seasons/
    """
    from stream_app.feeds.football_data import load

    _import(
        "football-data",
        lambda refuse: load(paths, refuse=refuse),
        strict,
        _Wanted(out, plot, since, until, save, as_json),
    )


def internationals(
    paths: Paths,
    strict: Strict = False,
    out: Out = None,
    plot: Plot = None,
    since: Day = None,
    until: LastDay = None,
    save: Save = False,
    as_json: AsJson = False,
) -> None:
    """The CSV file of international results: date, home_team, away_team, home_score, ... tournament, neutral.

    Rows without a score are left out. A row that is no match is reported with file, line, field and reason and left
    out; then the exit code is 1.

    Example: stream-app backtest internationals results.csv --from 2010-01-01
    """
    from stream_app.feeds.internationals import load

    _import(
        "internationals",
        lambda refuse: load(paths, refuse=refuse),
        strict,
        _Wanted(out, plot, since, until, save, as_json),
    )


def jsonl(
    files: Annotated[list[Path], typer.Argument(help="Files of JSON Lines.", metavar="FILE...", show_default=False)],
    strict: Strict = False,
    out: Out = None,
    plot: Plot = None,
    since: Day = None,
    until: LastDay = None,
    save: Save = False,
    as_json: AsJson = False,
) -> None:
    """Messages as they stand in the topics, one on each line: match features and match results.

    They count in the order of their event times, with all revisions and corrections. A line that is no such message is
    reported with file, number and reason and left out; then the exit code is 1.

    Example: stream-app backtest jsonl messages.jsonl
    """
    from stream_app.errors import InvalidInput
    from stream_app.feeds import json_lines
    from stream_app.settings import settings

    refused = 0

    def refuse(line: RefusedLine) -> None:
        nonlocal refused
        if strict:
            raise InvalidInput(str(line))
        refused += 1
        typer.echo(str(line), err=True)

    wanted = _Wanted(out, plot, since, until, save, as_json)
    with json_lines.events(files, max_bytes=settings().max_message_bytes, refuse=refuse) as events:
        _run("jsonl", lambda: events, None, wanted)
    _end(refused)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What somebody wants of a back-test; `since` and `until` are days."""

    out: Path | None
    plot: Path | None
    since: datetime | None
    until: datetime | None
    save: bool
    as_json: bool

    def scores(self, evaluation: Evaluation) -> bool:
        """Whether a match counts in the figures."""
        return self.since is None or evaluation.kickoff >= self.since.replace(tzinfo=UTC)

    def plays(self, kickoff: datetime) -> bool:
        """Whether a match is played at all."""
        return self.until is None or kickoff < self.until.replace(tzinfo=UTC) + timedelta(days=1)


def _import(source: str, load: Callable[[Refuse], Sequence[PlayedMatch]], strict: bool, wanted: _Wanted) -> None:
    from stream_app.feeds.importing import BadRow, fatal

    refused = 0

    def leave_out(row: BadRow) -> None:
        nonlocal refused
        refused += 1
        typer.echo(str(row), err=True)

    _play(source, lambda: load(fatal if strict else leave_out), wanted)
    _end(refused)


def _end(refused: int) -> None:
    if refused:
        typer.echo(f"stream-app: {refused} lines were left out", err=True)
        raise typer.Exit(EXIT_LEFT_OUT)


def _play(source: str, load: Callable[[], Sequence[PlayedMatch]], wanted: _Wanted) -> None:
    from stream_app.feeds.schedule import schedule

    matches = 0

    def events() -> Iterable[Features | Result]:
        nonlocal matches
        played = [match for match in load() if wanted.plays(match.kickoff)]
        matches = len(played)
        return schedule(played)

    _run(source, events, lambda: matches, wanted)


def _run(
    source: str,
    load: Callable[[], Iterable[Features | Result]],
    matches: Callable[[], int] | None,
    wanted: _Wanted,
) -> None:
    """Play the events that `load` gives, `matches` of them if that is known by then, and show the figures."""
    from contextlib import ExitStack

    from stream_app.cli import desk
    from stream_app.cli.backtest_figures import print_json, print_table
    from stream_app.errors import InvalidInput
    from stream_app.feeds.backtest import Fold, Report, Rows
    from stream_app.feeds.stopwatch import Stopwatch
    from stream_app.settings import settings

    configured = settings()
    if wanted.since and wanted.until and wanted.since > wanted.until:
        raise InvalidInput(
            f"--from {wanted.since:%Y-%m-%d}: after --to {wanted.until:%Y-%m-%d}; wanted a day before it"
        )
    draw = _drawing(wanted.plot)
    events = load()
    report, watch = Report(), None if wanted.save else Stopwatch()
    fold = Fold(configured.league_config, watch)
    with ExitStack() as stack:
        rows = None
        if wanted.out is not None:
            try:
                rows = Rows(stack.enter_context(wanted.out.open("w", encoding="utf-8", newline="")))
            except OSError as error:
                raise InvalidInput(f"--out {wanted.out}: {error.strerror}; wanted a file that can be written") from None
        advance = stack.enter_context(desk.progress(source, matches() if matches else None))
        for evaluation in fold.evaluations(event for event in events if wanted.plays(event.kickoff)):
            counted = wanted.scores(evaluation)
            report.add(evaluation, counted=counted)
            if rows is not None and counted:
                rows.write(evaluation)
            advance()
    if not report.matches:
        raise InvalidInput(f"{source}: no match to score; wanted one that was played, and not before --from")
    draw(report)
    (print_json if wanted.as_json else print_table)(source, report, watch)
    if wanted.save:
        files = desk.leagues_of(configured)
        for league in fold.leagues.values():
            typer.echo(f"saved {league.competition} in {files.save(league)}", err=True)


def _drawing(plot: Path | None) -> Callable[[Report], None]:
    """What draws the diagram, looked for before the work begins."""
    if plot is None:
        return lambda report: None
    from stream_app.errors import InvalidInput
    from stream_app.feeds.diagram import reliability

    if not plot.absolute().parent.is_dir():
        raise InvalidInput(f"--plot {plot}: there is no folder {plot.absolute().parent}; wanted one that exists")
    return lambda report: reliability(report, plot)
