"""The event-time merge: which of several waiting inputs goes into the log next.

The inputs of one partition are merged by event time as long as all of them have something to give, so that a replay at
full speed sees matches in the order in which they happened. An input that has reached its end, or has given nothing for
a while, holds nobody up: then the others go on without it.

Whether an input has reached its end can only be known for a moment in the past. For a message that happened just now
the last such moment will do. For one of a replay it has to lie after the message was fetched: what came before it in
the feed is on the brokers by then, and would show.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Waiting(Generic[T]):
    time: datetime
    item: T
    since: float
    live: bool


@dataclass(slots=True)
class _Input(Generic[T]):
    waiting: deque[_Waiting[T]] = field(default_factory=deque)
    gave_at: float = 0.0


class EventTimeMerge(Generic[T]):
    """Merges the inputs of one partition.

    Parameters
    ----------
    sources
        Names of the inputs; at equal event time the earlier one goes first.
    idle
        Seconds without a message after which an input that is not at its end is no longer waited for: the brokers have
        something of it that they do not give.
    patience
        Seconds for which a live message waits at the most for older ones of another input: a bulk load of old results
        must not hold up the forecast of a match that is about to begin.
    now
        The time of creation, on the clock (seconds) whose readings `offer` and `take` are given.
    """

    def __init__(self, sources: Sequence[str], *, idle: float, patience: float, now: float) -> None:
        self._idle = idle
        self._patience = patience
        self._inputs: dict[str, _Input[T]] = {source: _Input(gave_at=now) for source in sources}

    def offer(self, source: str, time: datetime, item: T, *, now: float, live: bool = False) -> int:
        """Put `item` with event time `time` at the end of its input's queue and return the queue's new length.

        `live` says that it was sent when it happened, and not by a replay.
        """
        chosen = self._inputs[source]
        chosen.waiting.append(_Waiting(time, item, now, live))
        chosen.gave_at = now
        return len(chosen.waiting)

    def comes(self, source: str, now: float) -> None:
        """Messages of `source` are on their way from the brokers: it is not idle, however long they take."""
        self._inputs[source].gave_at = now

    def waiting(self, source: str) -> int:
        """Messages of `source` that wait to be taken."""
        return len(self._inputs[source].waiting)

    def take(self, at_end: Callable[[str, float], bool], *, now: float) -> tuple[str, T] | None:
        """The next message and its source, or None when there is none or an input has to be waited for.

        `at_end(source, since)` says whether, at some moment after `since`, everything that the brokers had of that
        input had been offered.
        """
        heads = [(source, it.waiting[0]) for source, it in self._inputs.items() if it.waiting]
        if not heads:
            return None
        overdue = [one for one in heads if one[1].live and now - one[1].since >= self._patience]
        source, head = min(overdue or heads, key=lambda one: one[1].time)
        for other, it in self._inputs.items():
            since = -math.inf if head.live else head.since
            if not it.waiting and now - max(it.gave_at, head.since) < self._idle and not at_end(other, since):
                return None
        self._inputs[source].waiting.popleft()
        return source, head.item
