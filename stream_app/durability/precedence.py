"""Which of the entries that have had their turn in the log is applied next: forecasts go before what can wait.

Leagues know nothing of each other, so only the entries of one competition have to keep their order. Somebody waits for
a forecast, while a result teaches as much a moment later. So features overtake what other competitions have to learn.
"""

from __future__ import annotations

from collections import deque
from typing import Generic, TypeVar

T = TypeVar("T")

OVERTAKEN = 32
"""Entries in a row that may go before their turn. Then one goes that waits, so that nothing waits for ever."""


class Precedence(Generic[T]):
    """Entries of competitions, the urgent ones first, and each competition's in the order in which they were added."""

    def __init__(self) -> None:
        self._entries: dict[str, deque[tuple[bool, T]]] = {}
        self._urgent: dict[str, int] = {}
        self._waiting = 0
        self._overtook = 0

    def __len__(self) -> int:
        return self._waiting

    def clear(self) -> None:
        """Forget everything."""
        self._entries.clear()
        self._urgent.clear()
        self._waiting = self._overtook = 0

    def add(self, competition: str, entry: T, *, urgent: bool) -> None:
        """Put `entry` behind all others of `competition`."""
        self._entries.setdefault(competition, deque()).append((urgent, entry))
        if urgent:
            self._urgent[competition] = self._urgent.get(competition, 0) + 1
        self._waiting += 1

    def take(self) -> T | None:
        """The entry that is next, None when there is none.

        The first one of the competition whose urgent entry came first; what stands before that one in its competition
        goes before it. Where nothing is urgent, competitions take turns.
        """
        competition = self._next()
        if competition is None:
            return None
        entries = self._entries.pop(competition)
        urgent, entry = entries.popleft()
        self._waiting -= 1
        if urgent and (left := self._urgent.pop(competition) - 1):
            self._urgent[competition] = left
        if entries:
            self._entries[competition] = entries
        return entry

    def _next(self) -> str | None:
        first = next(iter(self._entries), None)
        urgent = next(iter(self._urgent), None)
        if urgent is None or urgent == first:
            self._overtook = 0
            return first
        self._overtook += 1
        if self._overtook > OVERTAKEN:
            self._overtook = 0
            return first
        return urgent
