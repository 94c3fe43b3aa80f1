"""How far a worker still is from the end of the log after it has got its partitions."""

from __future__ import annotations

NEWS_S = 2.0
"""Seconds between two lines about it, when it takes that long."""


class CatchingUp:
    """Counts down the entries that were in the log when the partitions came, and words the progress for people."""

    def __init__(self) -> None:
        self._left: dict[int, int] = {}
        self._total = 0
        self._began = 0.0
        self._told = 0.0

    def begin(self, partition: int, entries: int, now: float) -> None:
        """`partition` is `entries` behind the end of its log; `now` in seconds of any clock that goes on."""
        if not self._left:
            self._began = self._told = now
            self._total = 0
        if entries > 0:
            self._left[partition] = entries
            self._total += entries

    def clear(self) -> None:
        """The partitions are taken away."""
        self._left.clear()

    @property
    def left(self) -> int:
        """Entries that were in the log when the partitions came and are not applied yet."""
        return sum(self._left.values())

    def news(self, partition: int, now: float) -> str | None:
        """Count an entry of `partition` as applied; a line about it when it is time for one."""
        if not self._left:
            return None
        if partition in self._left:
            self._left[partition] -= 1
            if self._left[partition] == 0:
                del self._left[partition]
        left = self.left
        if not left:
            return f"caught up: {self._total:,} log entries in {now - self._began:.1f} s"
        if now - self._told < NEWS_S:
            return None
        self._told = now
        return f"catching up: {self._total - left:,} of {self._total:,} log entries"
