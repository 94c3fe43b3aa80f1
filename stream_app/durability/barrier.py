"""The barrier between the agents that read the log: whatever each of them gets first, entries come out in log order."""

from __future__ import annotations

from typing import Generic, TypeVar

T = TypeVar("T")


class Barrier(Generic[T]):
    """Joins several readers of one log into its one order, partition by partition.

    Every offset of a partition belongs to exactly one reader, and each reader sees all offsets and offers those that
    are its own. An entry that comes before its turn waits in a dictionary; there is no timer and nothing to tune.
    """

    def __init__(self) -> None:
        self._next: dict[int, int] = {}
        self._early: dict[tuple[int, int], T] = {}

    def expect(self, partition: int, offset: int) -> None:
        """Begin `partition` at `offset`."""
        self._next[partition] = offset

    def clear(self) -> None:
        """Forget everything: the partitions have been taken away."""
        self._next.clear()
        self._early.clear()

    def offer(self, partition: int, offset: int, item: T) -> None:
        """Hand in the entry at `offset`. One that has passed already, or a partition that is not ours, is dropped."""
        expected = self._next.get(partition)
        if expected is not None and offset >= expected:
            self._early[partition, offset] = item

    def take(self, limit: int) -> list[tuple[int, int, T]]:
        """Up to `limit` entries whose turn it is, as (partition, offset, entry), in the order of each partition."""
        ready: list[tuple[int, int, T]] = []
        for partition, start in self._next.items():
            offset = start
            while len(ready) < limit and (item := self._early.pop((partition, offset), None)) is not None:
                ready.append((partition, offset, item))
                offset += 1
            self._next[partition] = offset
        return ready
