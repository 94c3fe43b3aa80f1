"""The event-time merge: which of several waiting inputs goes into the log next.

The inputs of one partition are merged by event time as long as all of them have something to give, so that a replay at
full speed sees matches in the order in which they happened. An input that has reached its end, or has given nothing for
a while, holds nobody up: then the others go on without it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(slots=True)
class _Input(Generic[T]):
    waiting: deque[tuple[datetime, T]] = field(default_factory=deque)
    gave_at: float = 0.0


class EventTimeMerge(Generic[T]):
    """Merges the inputs of one partition.

    Parameters
    ----------
    sources
        Names of the inputs; at equal event time the earlier one goes first.
    idle
        Seconds without a message after which an input that is not at its end is no longer waited for.
    now
        The time of creation, on the clock (seconds) whose readings `offer` and `take` are given.
    """

    def __init__(self, sources: Sequence[str], *, idle: float, now: float) -> None:
        self._idle = idle
        self._inputs: dict[str, _Input[T]] = {source: _Input(gave_at=now) for source in sources}

    def offer(self, source: str, time: datetime, item: T, *, now: float) -> int:
        """Put `item` with event time `time` at the end of its input's queue and return the queue's new length."""
        chosen = self._inputs[source]
        chosen.waiting.append((time, item))
        chosen.gave_at = now
        return len(chosen.waiting)

    def waiting(self, source: str) -> int:
        """Messages of `source` that wait to be taken."""
        return len(self._inputs[source].waiting)

    def take(self, at_end: Callable[[str], bool], *, now: float) -> tuple[str, T] | None:
        """The next message and its source, or None when there is none or an input has to be waited for.

        `at_end(source)` says whether everything that the broker has of that input has been offered.
        """
        best: tuple[datetime, str] | None = None
        for source, candidate in self._inputs.items():
            if candidate.waiting:
                time = candidate.waiting[0][0]
                if best is None or time < best[0]:
                    best = (time, source)
            elif now - candidate.gave_at < self._idle and not at_end(source):
                return None
        if best is None:
            return None
        source = best[1]
        return source, self._inputs[source].waiting.popleft()[1]
