"""What a person sees of a feed while it sends."""

from __future__ import annotations

from dataclasses import dataclass
from time import monotonic
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeElapsedColumn
from rich.text import Text

from stream_app.contracts import event_time
from stream_app.events import Features, Result


@dataclass(frozen=True, slots=True)
class Totals:
    """What was sent, and in how many seconds."""

    features: int
    results: int
    seconds: float
    messages_a_second: float


class _MatchesASecond(ProgressColumn):
    def render(self, task: Task) -> Text:
        return Text(f"{task.speed or 0.0:,.0f} matches/s")


class FeedProgress:
    """A progress bar on standard error: the date that the feed has come to, matches with their results, matches/s.

    `matches` is how many there will be, None when nobody knows.
    """

    def __init__(self, matches: int | None) -> None:
        self._features = self._results = 0
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("matches"),
            _MatchesASecond(),
            TimeElapsedColumn(),
            console=Console(stderr=True),
        )
        self._task = self._progress.add_task("connecting", total=matches)

    def __enter__(self) -> Self:
        self._begin = monotonic()
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()
        self._end = monotonic()

    def sent(self, event: Features | Result) -> None:
        """Count `event` as sent."""
        if isinstance(event, Features):
            self._features += 1
        else:
            self._results += 1
            self._progress.update(self._task, completed=self._results, description=f"{event_time(event):%Y-%m-%d}")

    def totals(self) -> Totals:
        """What was sent until the bar was closed."""
        seconds = self._end - self._begin
        messages = self._features + self._results
        return Totals(self._features, self._results, seconds, messages / seconds)
