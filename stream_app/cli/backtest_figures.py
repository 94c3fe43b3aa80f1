"""The figures of a back-test, as a table and as JSON."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from rich.table import Table

    from stream_app.feeds.backtest import Report, Section
    from stream_app.feeds.stopwatch import Stopwatch


def print_json(source: str, report: Report, watch: Stopwatch | None) -> None:
    """Print the figures as one JSON object."""
    import dataclasses

    import orjson

    from stream_app.feeds.stopwatch import RATINGS

    def section(found: Section) -> dict[str, Any]:
        return {
            **dataclasses.asdict(found.tally.figures()),
            "calibration_error": found.calibration.error(),
            "calibration_error_by_chance": found.calibration.error_by_chance(),
        }

    def microseconds(name: str) -> dict[str, float] | None:
        if watch is None:
            return None
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


def print_table(source: str, report: Report, watch: Stopwatch | None) -> None:
    """Print the figures as tables."""
    from rich.console import Console

    from stream_app.feeds.backtest import BURN_IN_SEASONS

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

    shown = [
        table(f"{source}: all matches", lambda line: line.everything),
        table(f"{source}: after {BURN_IN_SEASONS} seasons", lambda line: line.after_burn_in),
    ]
    if watch is not None:
        shown.append(_speed(report, watch))
    console = Console()
    for one in shown:
        console.print(one)
        console.print()


def _speed(report: Report, watch: Stopwatch) -> Table:
    from stream_app.feeds.stopwatch import RATINGS

    speed = _table("microseconds a match, the median")
    speed.add_column("predict", justify="right")
    speed.add_column("learn", justify="right")
    for name in (RATINGS, *(line.model for line in report.models())):
        predict, learn = watch.times[name].medians()
        speed.add_row(name, f"{predict:.0f}", f"{learn:.0f}")
    return speed


def _table(title: str) -> Table:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, padding=0, show_edge=False)
    table.add_column("model", no_wrap=True)
    return table
