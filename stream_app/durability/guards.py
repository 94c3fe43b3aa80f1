"""Guards that end the process before a surprise can become a loss."""

from __future__ import annotations

from collections.abc import Callable

from stream_app.errors import Fatal


class OffsetGuard:
    """Watches that a reader sees every offset of its partitions, in order and without a gap.

    Faust may hand out a message twice around a rebalance (the second one is dropped), and must never skip one.
    """

    def __init__(self, reader: str) -> None:
        self._reader = reader
        self._expected: dict[tuple[str, int], int] = {}

    def expect(self, topic: str, partition: int, offset: int) -> None:
        """Begin a partition at `offset`."""
        self._expected[topic, partition] = offset

    def clear(self) -> None:
        """Forget all partitions; until the next `expect` nothing is admitted."""
        self._expected.clear()

    def next_offset(self, topic: str, partition: int) -> int | None:
        """The offset that has to come next, or None for a partition that is not ours."""
        return self._expected.get((topic, partition))

    def admit(self, topic: str, partition: int, offset: int, *, gaps_allowed: bool = False) -> bool:
        """Whether the message is the one that has to come next.

        False means: seen before, or not our partition (a message from before a rebalance); drop it.

        Raises
        ------
        Fatal
            Messages are missing and `gaps_allowed` is false.
        """
        expected = self._expected.get((topic, partition))
        if expected is None or offset < expected:
            return False
        if offset > expected and not gaps_allowed:
            raise Fatal(f"{self._reader}: {topic}[{partition}] jumped from offset {expected} to {offset}")
        self._expected[topic, partition] = offset + 1
        return True


class Fence:
    """Keeps a worker that stood still for too long from writing: its partitions may have another owner by now.

    `beat` is called all the time by the event loop; `check` before everything that leaves the process. Before the first
    beat there is nothing to check: nothing leaves the process until then, however long its start takes.

    Parameters
    ----------
    clock
        A clock in seconds that goes on while the process is stopped.
    limit
        Longest pause between two beats, in seconds; less than the session time that the brokers grant.
    """

    def __init__(self, clock: Callable[[], float], limit: float) -> None:
        self._clock = clock
        self._limit = limit
        self._last: float | None = None

    def beat(self) -> None:
        """The loop is alive. Raises Fatal like `check`: a late beat does not make up for the pause."""
        self.check()
        self._last = self._clock()

    def check(self) -> None:
        """Raise Fatal when the last beat is longer ago than allowed."""
        if self._last is None:
            return
        pause = self._clock() - self._last
        if pause > self._limit:
            raise Fatal(
                f"the worker stood still for {pause:.1f} s (allowed: {self._limit:.1f} s);"
                " its partitions may have another owner by now"
            )
