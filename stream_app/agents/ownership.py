"""Which partitions this worker owns at the moment, and since when."""

from __future__ import annotations


class Ownership:
    """The partitions that this worker owns, counted in epochs.

    An epoch ends when partitions are taken away. Whoever waited for anything compares the epoch from before with the
    one after, and drops what it had in hand when they differ: it all comes again, to the worker that owns it now.
    """

    def __init__(self) -> None:
        self.epoch = 0
        self.partitions: tuple[int, ...] = ()

    def lose(self) -> None:
        """The partitions are taken away, or are about to be."""
        self.epoch += 1
        self.partitions = ()

    def gain(self, partitions: tuple[int, ...]) -> None:
        """These partitions are ours, recovered and ready."""
        self.partitions = partitions
