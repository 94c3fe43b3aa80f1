"""What a check has found."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Literal

Category = Literal["lost", "doubled", "differing"]

EXAMPLES = 10
"""Findings of a category that are told in words; the others are only counted."""


@dataclass
class Findings:
    """Faults, counted by category, the first of each also in words.

    lost
        Something that has to be there is not.
    doubled
        Something counts more often than it may; also what is there and has no business to be.
    differing
        Something is there, and other than it has to be: its bytes, its order, its place, its state.
    """

    counts: Counter[Category] = field(default_factory=Counter)
    examples: dict[Category, list[str]] = field(default_factory=dict)

    def lost(self, what: str, times: int = 1) -> None:
        """Something is missing."""
        self._add("lost", what, times)

    def doubled(self, what: str, times: int = 1) -> None:
        """Something is there too often."""
        self._add("doubled", what, times)

    def differing(self, what: str, times: int = 1) -> None:
        """Something is not as it has to be."""
        self._add("differing", what, times)

    @property
    def total(self) -> int:
        """All findings; 0 means that everything holds."""
        return self.counts.total()

    def _add(self, category: Category, what: str, times: int) -> None:
        if not times:
            return
        self.counts[category] += times
        told = self.examples.setdefault(category, [])
        if len(told) < EXAMPLES:
            told.append(what)
