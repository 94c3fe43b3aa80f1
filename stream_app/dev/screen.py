"""What a person sees of the demo."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from stream_app.dev.tally import ROLLING_WINDOW, ModelFigures

BASE_RATE = "base_rate"
# Without a terminal there is no bar to redraw: one line for so much of the whole.
LINES = 10

Show = Callable[[int, ModelFigures | None, int], None]
"""Takes the matches that are done, the rolling figures and the number of alerts."""


class Screen:
    """Writes to standard output: a bar that moves on a terminal, plain lines elsewhere."""

    def __init__(self) -> None:
        self._console = Console(highlight=False, soft_wrap=True)

    def step(self, text: str) -> None:
        """Say what happens now."""
        self._console.print(text)

    @contextmanager
    def progress(self, total: int) -> Iterator[Show]:
        """A bar of `total` matches; what it gives is called with every change."""
        if not self._console.is_terminal:
            yield self._lines(total)
            return
        columns = (
            TextColumn("{task.description}"),
            BarColumn(bar_width=None),
            MofNCompleteColumn(),
            TextColumn("{task.fields[pace]}"),
            TextColumn("{task.fields[state]}"),
            TimeElapsedColumn(),
        )
        with Progress(*columns, console=self._console) as bar:
            task = bar.add_task("Matches", total=total, pace="", state="")

            def show(done: int, rolling: ModelFigures | None, alerts: int) -> None:
                pace = f"{bar.tasks[task].speed or 0:,.0f} matches/s"
                bar.update(task, completed=done, pace=pace, state=_state(rolling, alerts))

            yield show

    def _lines(self, total: int) -> Show:
        printed = 0

        def show(done: int, rolling: ModelFigures | None, alerts: int) -> None:
            nonlocal printed
            if done * LINES // total > printed:
                printed = done * LINES // total
                self.step(f"{done:,} of {total:,} matches, {_state(rolling, alerts)}")

        return show

    def result(self, models: Mapping[str, ModelFigures], evaluations: int, seconds: float) -> None:
        """The table at the end: every model beside the running base rate."""
        took = f", replayed in {seconds:.1f} s ({evaluations / seconds:,.0f} matches/s)" if seconds else ""
        table = Table(title=f"{evaluations:,} matches{took}", title_justify="left")
        table.add_column("model", no_wrap=True)
        for name in ("matches", "log loss", "vs base", "RPS", "accuracy"):
            table.add_column(name, justify="right", no_wrap=True)
        base = models.get(BASE_RATE)
        for name, figures in models.items():
            table.add_row(
                name,
                f"{figures.n:,}",
                f"{figures.log_loss:.4f}",
                f"{figures.log_loss - base.log_loss:+.4f}" if base and name != BASE_RATE else "",
                f"{figures.rps:.4f}",
                f"{figures.accuracy:.1%}",
            )
        self._console.print(table)

    def verdict(self, summary: Mapping[str, Any], expected: int, *, complete: bool) -> None:
        """Say where everything is, or what is missing of the `expected` matches."""
        places = {"topics": summary, "CSV": summary["csv"], "PostgreSQL": summary["database"]}
        for place, counts in places.items():
            self.step(f"{place}: {counts['predictions']:,} predictions, {counts['evaluations']:,} evaluations")
        if summary["dead_letters"]:
            self.step(f"{summary['dead_letters']:,} messages were refused (topic dead-letters)")
        if complete:
            self.step(f"All {expected:,} matches were predicted before kickoff and scored after the end.")
        else:
            self._console.print(f"NOT COMPLETE: there are {expected:,} matches; see the logs.", style="bold red")


def _state(rolling: ModelFigures | None, alerts: int) -> str:
    if rolling is None:
        return "waiting for the first result"
    figures = f"log loss {rolling.log_loss:.3f}, accuracy {rolling.accuracy:.0%}"
    return f"last {min(rolling.n, ROLLING_WINDOW)}: {figures}, {alerts} alerts"
