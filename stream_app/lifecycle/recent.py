"""The latest matches of a league as its models saw them, kept small."""

from __future__ import annotations

import struct
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from stream_app.events import OUTCOMES, Outcome

_HEAD = struct.Struct("<dB")


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
        self._rows: deque[tuple[tuple[str, ...], bytes]] = deque(maxlen=size)

    def __len__(self) -> int:
        return len(self._rows)

    def resize(self, size: int) -> None:
        """Keep `size` matches from now on; the oldest go first."""
        if size != self._rows.maxlen:
            self._rows = deque(self._rows, maxlen=size)

    def add(self, at: datetime, x: Mapping[str, float], outcome: Outcome) -> None:
        """Remember a match."""
        if self._rows.maxlen == 0:
            return
        names = tuple(x)
        if self._rows and self._rows[-1][0] == names:
            names = self._rows[-1][0]
        numbers = struct.pack(f"<{len(names)}f", *x.values())
        self._rows.append((names, _HEAD.pack(at.timestamp(), OUTCOMES.index(outcome)) + numbers))

    def matches(self) -> list[RecentMatch]:
        """All of them, oldest first."""
        return [_read(names, row) for names, row in self._rows]


def _read(names: tuple[str, ...], row: bytes) -> RecentMatch:
    at, place = _HEAD.unpack_from(row)
    numbers = struct.unpack_from(f"<{len(names)}f", row, _HEAD.size)
    return RecentMatch(datetime.fromtimestamp(at, UTC), dict(zip(names, numbers, strict=True)), OUTCOMES[place])
