"""The latest matches of a league as its models saw them, kept small."""

from __future__ import annotations

import struct
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from stream_app.events import OUTCOMES, Outcome

LARGEST = 50
"""Matches in a block."""

LAYOUT = ("<dB{}f", *OUTCOMES)
"""How matches are written, with as many numbers as there are inputs: part of the state's layout."""


@dataclass(frozen=True, slots=True)
class RecentMatch:
    """When a result came, what the models had known before the match, and how it ended."""

    at: datetime
    x: Mapping[str, float]
    outcome: Outcome


class RecentMatches:
    """The last `size` matches that were learned, oldest first.

    Inputs are kept as single-precision numbers (seven digits, while a rating is known to two) and their names once for
    all matches that have the same ones: about 40 kB for 400 matches with 25 inputs.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._n = 0
        # Successive matches that have the same inputs stand in one block: not too many, as a block that grows has room
        # to spare, in proportion to its size.
        self._blocks: deque[tuple[tuple[str, ...], bytearray]] = deque()

    def __len__(self) -> int:
        return self._n

    def resize(self, size: int) -> None:
        """Keep `size` matches from now on; the oldest go first."""
        self._size = size
        self._trim()

    def add(self, at: datetime, x: Mapping[str, float], outcome: Outcome) -> None:
        """Remember a match."""
        names, last = tuple(x), self._blocks[-1] if self._blocks else None
        if last is not None and last[0] == names:
            names = last[0]
        row = _row(names)
        if last is None or last[0] is not names or len(last[1]) >= LARGEST * row.size:
            last = names, bytearray()
            self._blocks.append(last)
        last[1].extend(row.pack(at.timestamp(), OUTCOMES.index(outcome), *x.values()))
        self._n += 1
        self._trim()

    def matches(self) -> list[RecentMatch]:
        """All of them, oldest first."""
        return [
            RecentMatch(datetime.fromtimestamp(at, UTC), dict(zip(names, numbers, strict=True)), OUTCOMES[place])
            for names, rows in self._blocks
            for at, place, *numbers in _row(names).iter_unpack(rows)
        ]

    def _trim(self) -> None:
        while self._n > self._size:
            names, rows = self._blocks[0]
            del rows[: _row(names).size]
            if not rows:
                self._blocks.popleft()
            self._n -= 1


def _row(names: tuple[str, ...]) -> struct.Struct:
    """When the result came, the place of the outcome, and the inputs."""
    return struct.Struct(LAYOUT[0].format(len(names)))
