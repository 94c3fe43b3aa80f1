"""Slows down whoever guesses tokens."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

FROM_ONE = 5
FROM_ALL = 100
"""Failed attempts that one address, and all together, have in a window."""

WINDOW_S = 60.0
ADDRESSES = 10_000
"""Addresses that are remembered; the limit for all holds for those beyond."""


class Attempts:
    """Failed attempts of the last minute, by address.

    Parameters
    ----------
    clock
        Seconds that only ever grow.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._all: deque[float] = deque()
        self._of: dict[str, deque[float]] = {}

    def wait_s(self, address: str) -> float:
        """Seconds until `address` may try again; 0 when it may now."""
        now = self._clock()
        return max(self._wait(self._of.get(address, deque()), FROM_ONE, now), self._wait(self._all, FROM_ALL, now))

    def failed(self, address: str) -> None:
        """Count a failed attempt of `address`."""
        now = self._clock()
        self._all.append(now)
        self._of.setdefault(address, deque()).append(now)
        if len(self._of) > ADDRESSES:
            del self._of[next(iter(self._of))]

    @staticmethod
    def _wait(times: deque[float], limit: int, now: float) -> float:
        while times and times[0] <= now - WINDOW_S:
            times.popleft()
        return times[-limit] + WINDOW_S - now if len(times) >= limit else 0.0
