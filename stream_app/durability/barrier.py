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
        self._waiting: dict[int, dict[int, T]] = {}

    def expect(self, partition: int, offset: int) -> None:
        """Begin `partition` at `offset`."""
        self._next[partition] = offset
        self._waiting[partition] = {}

    def clear(self) -> None:
        """Forget everything: the partitions have been taken away."""
        self._next.clear()
        self._waiting.clear()

    def offer(self, partition: int, offset: int, item: T) -> int:
        """Hand in the entry at `offset`; how many entries of the partition wait now.

        One that has passed already, or of a partition that is not ours, is dropped.
        """
        expected = self._next.get(partition)
        if expected is None:
            return 0
        waiting = self._waiting[partition]
        if offset >= expected:
            waiting[offset] = item
        return len(waiting)

    def __len__(self) -> int:
        """How many entries of all partitions wait for their turn."""
        return sum(map(len, self._waiting.values()))

    def waiting(self, partition: int) -> int:
        """How many entries of `partition` wait for their turn."""
        return len(self._waiting[partition])

    def take(self, limit: int) -> list[tuple[int, int, T]]:
        """Up to `limit` entries of each partition whose turn it is, as (partition, offset, entry), in its order."""
        ready: list[tuple[int, int, T]] = []
        for partition, start in self._next.items():
            waiting = self._waiting[partition]
            offset = start
            while waiting and offset < start + limit and (item := waiting.pop(offset, None)) is not None:
                ready.append((partition, offset, item))
                offset += 1
            self._next[partition] = offset
        return ready
