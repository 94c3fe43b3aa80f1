"""`stream-app backtest`: how good the models would have been on past matches, without Kafka."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rich.table import Table

    from stream_app.feeds.backtest import Report, Section
    from stream_app.feeds.datasets import PlayedMatch
    from stream_app.feeds.stopwatch import Stopwatch

Out = Annotated[
    Path | None,
    typer.Option(help="CSV file for one line a match and model: the probabilities given, and the outcome."),
]
Plot = Annotated[
    Path | None,
    typer.Option(help="PNG file for a reliability diagram: what was given against what happened, after the burn-in."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the figures as one JSON object instead of a table.")]


HELP = (
    "Predict past matches one after the other, learning from each result, and score what was predicted.",
    "Every match is predicted an hour before its kickoff and learned 105 minutes after it, as the stream does it, so"
    " the figures are what the service would have reached. Models start knowing nothing: look at the figures after the"
    " burn-in of two seasons.",
    "'right' is the share of likeliest outcomes that came true; 'calib.' the mean distance, in ten bins, between the"
    " probabilities given and the shares that came true; 'chance' what a perfect model would show of that.",
)


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    group = typer.Typer(
        no_args_is_help=True,
        help="\n\n".join(HELP),
    )
    group.command("bundesliga")(bundesliga)
    group.command("football-data")(football_data)
    app.add_typer(group, name="backtest")


def bundesliga(out: Out = None, plot: Plot = None, as_json: AsJson = False) -> None:
    """The 14,018 matches of the first German division from 1963 to 2009."""
    from stream_app.feeds.datasets import bundesliga as load

    _run("bundesliga", load, out, plot, as_json)


def football_data(
    paths: Annotated[list[Path], typer.Argument(help="CSV files in that site's columns, or folders of them.")],
    out: Out = None,
    plot: Plot = None,
    as_json: AsJson = False,
) -> None:
    """Files of football-data.co.uk: any divisions and seasons, with the odds that were known before the match.

    Example: stream-app backtest football-data E0.csv seasons/
    """
    from stream_app.feeds.football_data import load

    _run("football-data", lambda: load(paths), out, plot, as_json)


def _run(
    source: str, load: Callable[[], Sequence[PlayedMatch]], out: Path | None, plot: Path | None, as_json: bool
) -> None:
    from contextlib import ExitStack

    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from stream_app.errors import InvalidInput
    from stream_app.feeds.backtest import Report, Rows, backtest
    from stream_app.feeds.stopwatch import Stopwatch
    from stream_app.settings import settings

    configured = settings()
    draw = _drawing(plot)
    matches = load()
    report, watch = Report(), Stopwatch()
    with ExitStack() as stack:
        rows = None
        if out is not None:
            try:
                rows = Rows(stack.enter_context(out.open("w", encoding="utf-8", newline="")))
            except OSError as error:
                raise InvalidInput(f"--out {out}: {error.strerror}; wanted a file that can be written") from None
        progress = stack.enter_context(
            Progress(
                TextColumn(source),
                BarColumn(),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
                console=Console(stderr=True),
                transient=True,
            )
        )
        task = progress.add_task(source, total=len(matches))
        for evaluation in backtest(matches, configured.league_config, watch):
            report.add(evaluation)
            if rows is not None:
                rows.write(evaluation)
            progress.advance(task)
    draw(report)
    if as_json:
        _print_json(source, report, watch)
    else:
        _print_table(source, report, watch)


def _drawing(plot: Path | None) -> Callable[[Report], None]:
    """What draws the diagram, looked for before the work begins."""
    if plot is None:
        return lambda report: None
    from stream_app.errors import InvalidInput
    from stream_app.feeds.diagram import reliability

    if not plot.absolute().parent.is_dir():
        raise InvalidInput(f"--plot {plot}: there is no folder {plot.absolute().parent}; wanted one that exists")
    return lambda report: reliability(report, plot)


def _print_json(source: str, report: Report, watch: Stopwatch) -> None:
    import dataclasses

    import orjson

    from stream_app.feeds.stopwatch import RATINGS

    def section(found: Section) -> dict[str, Any]:
        return {
            **dataclasses.asdict(found.tally.figures()),
            "calibration_error": found.calibration.error(),
            "calibration_error_by_chance": found.calibration.error_by_chance(),
        }

    def microseconds(name: str) -> dict[str, float]:
        predict, learn = watch.times[name].medians()
        return {"predict": predict, "learn": learn}

    models = {
        line.model: {
            "all": section(line.everything),
            "after_burn_in": section(line.after_burn_in),
            "microseconds": microseconds(line.model),
        }
        for line in report.models()
    }
    summary = {
        "source": source,
        "matches": report.matches,
        "ratings_microseconds": microseconds(RATINGS),
        "models": models,
    }
    typer.echo(orjson.dumps(summary, option=orjson.OPT_INDENT_2).decode())


def _print_table(source: str, report: Report, watch: Stopwatch) -> None:
    from rich.console import Console

    from stream_app.feeds.backtest import BURN_IN_SEASONS
    from stream_app.feeds.stopwatch import RATINGS

    def table(title: str, of: Callable[[Any], Section]) -> Table:
        made = _table(title)
        for name in ("matches", "log loss", "RPS", "Brier", "right", "calib.", "chance"):
            made.add_column(name, justify="right", no_wrap=True)
        for line in report.models():
            found = of(line)
            figures = found.tally.figures()
            if figures.n:
                made.add_row(
                    line.model,
                    f"{figures.n:,}",
                    f"{figures.log_loss:.4f}",
                    f"{figures.rps:.4f}",
                    f"{figures.brier:.4f}",
                    f"{figures.accuracy:.1%}",
                    f"{found.calibration.error():.4f}",
                    f"{found.calibration.error_by_chance():.4f}",
                )
        return made

    speed = _table("microseconds a match, the median")
    speed.add_column("predict", justify="right")
    speed.add_column("learn", justify="right")
    for name in (RATINGS, *(line.model for line in report.models())):
        predict, learn = watch.times[name].medians()
        speed.add_row(name, f"{predict:.0f}", f"{learn:.0f}")
    console = Console()
    for shown in (
        table(f"{source}: all matches", lambda line: line.everything),
        table(f"{source}: after {BURN_IN_SEASONS} seasons", lambda line: line.after_burn_in),
        speed,
    ):
        console.print(shown)
        console.print()


def _table(title: str) -> Table:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, padding=0, show_edge=False)
    table.add_column("model", no_wrap=True)
    return table
