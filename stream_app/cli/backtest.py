"""`stream-app backtest`: how good the models would have been on past matches, without Kafka."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from stream_app.events import Figures
    from stream_app.feeds.backtest import Report
    from stream_app.feeds.datasets import PlayedMatch

Out = Annotated[
    Path | None,
    typer.Option(help="CSV file for one line a match and model: the probabilities given, and the outcome."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the figures as one JSON object instead of a table.")]


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    group = typer.Typer(
        no_args_is_help=True,
        help="""Predict past matches one after the other, learning from each result, and score what was predicted.

        Every match is predicted an hour before its kickoff and learned 105 minutes after it, as the stream does it, so
        the figures are what the service would have reached. Models start knowing nothing: look at the figures after
        the burn-in of two seasons.""",
    )
    group.command("bundesliga")(bundesliga)
    app.add_typer(group, name="backtest")


def bundesliga(out: Out = None, as_json: AsJson = False) -> None:
    """The 14,018 matches of the first German division from 1963 to 2009."""
    from stream_app.feeds.datasets import bundesliga as load

    _run("bundesliga", load, out, as_json)


def _run(source: str, load: Callable[[], Sequence[PlayedMatch]], out: Path | None, as_json: bool) -> None:
    from contextlib import ExitStack

    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from stream_app.errors import InvalidInput
    from stream_app.feeds.backtest import Report, Rows, backtest
    from stream_app.settings import settings

    configured = settings()
    matches = load()
    report = Report()
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
        for evaluation in backtest(matches, configured.league_config):
            report.add(evaluation)
            if rows is not None:
                rows.write(evaluation)
            progress.advance(task)
    if as_json:
        _print_json(source, report)
    else:
        _print_table(source, report)


def _print_json(source: str, report: Report) -> None:
    import dataclasses

    import orjson

    models = {
        line.model: {
            "all": dataclasses.asdict(line.everything),
            "after_burn_in": dataclasses.asdict(line.after_burn_in),
        }
        for line in report.models()
    }
    summary = {"source": source, "matches": report.matches, "models": models}
    typer.echo(orjson.dumps(summary, option=orjson.OPT_INDENT_2).decode())


def _print_table(source: str, report: Report) -> None:
    from rich.console import Console
    from rich.table import Table

    from stream_app.feeds.backtest import BURN_IN_SEASONS

    def cells(figures: Figures) -> tuple[str, ...]:
        if figures.n == 0:
            return ("0", "", "", "", "")
        return (
            f"{figures.n:,}",
            f"{figures.log_loss:.4f}",
            f"{figures.rps:.4f}",
            f"{figures.brier:.4f}",
            f"{figures.accuracy:.1%}",
        )

    table = Table(title=f"{source}: {report.matches:,} matches")
    table.add_column("model")
    table.add_column("over")
    for name in ("matches", "log loss", "RPS", "Brier", "accuracy"):
        table.add_column(name, justify="right")
    for line in report.models():
        table.add_row(line.model, f"after {BURN_IN_SEASONS} seasons", *cells(line.after_burn_in))
        table.add_row("", "all", *cells(line.everything), end_section=True)
    Console().print(table)
