"""What follows what: counts of successive outcomes, shares of them, and whether the one depends on the other."""

from __future__ import annotations

from functools import lru_cache
from heapq import nsmallest

from stream_app.analytics.chance import chi_square_tail
from stream_app.analytics.numbers import short
from stream_app.events import OUTCOMES, PairingTransitions, Transitions

KINDS = len(OUTCOMES)
PRIOR = 10.0
"""Imaginary pairs in each row, shared out as in all rows together: a row with few pairs says little of its own."""

MOST_PAIRINGS = 512
"""Pairings that are remembered, those of the grounds that saw matches last: enough for a league of 23 teams."""

ENOUGH = 30
"""Pairs of outcomes from which a pairing is shown. With nine cells the chi-square approximation then holds (Koehler, K.
and Larntz, K. (1980), Journal of the American Statistical Association 75, 336-344: n at least 10, n^2/cells too)."""

SHOWN_PAIRINGS = 12

_NONE = KINDS * KINDS
_FULL = 255


class Chain:
    """Counts of successive outcomes of one sequence."""

    __slots__ = ("counts", "last")

    def __init__(self) -> None:
        self.counts = [0] * (KINDS * KINDS)
        self.last: int | None = None

    def learn(self, place: int) -> None:
        """Learn that the outcome at `place` of H, D, A came next."""
        if self.last is not None:
            self.counts[KINDS * self.last + place] += 1
        self.last = place

    def next_chances(self) -> tuple[float, ...] | None:
        """Smoothed shares of what followed the last outcome; None before there is one."""
        return None if self.last is None else smoothed(self.counts)[self.last]

    def figures(self) -> Transitions:
        """The counts with their statistics."""
        return described(tuple(self.counts))


class Pairings:
    """The chains of the latest pairings, in ten bytes each: nine counts, which end at 255, and the last one."""

    def __init__(self) -> None:
        # By the side at whose ground they meet, and by the other one: pairs of names would take as much again.
        self._chains: dict[str, dict[str, bytes]] = {}
        self._n = 0

    def __len__(self) -> int:
        return self._n

    def learn(self, home: str, away: str, place: int) -> None:
        """Learn how a meeting on the ground of `home` ended."""
        # What is put in again stands last.
        at_home = self._chains[home] = self._chains.pop(home, {})
        known = at_home.pop(away, None)
        chain = bytearray(_NONE + 1) if known is None else bytearray(known)
        if known is not None:
            cell = KINDS * chain[_NONE] + place
            chain[cell] = min(chain[cell] + 1, _FULL)
        chain[_NONE] = place
        at_home[away] = bytes(chain)
        self._n += known is None
        if self._n > MOST_PAIRINGS:
            self._forget()

    def figures(self) -> tuple[PairingTransitions, ...]:
        """The pairings with the longest history, the longest first."""
        chains = {(home, away): chain for home, met in self._chains.items() for away, chain in met.items()}
        lengths = [(-sum(chain[:_NONE]), pairing) for pairing, chain in chains.items()]
        shown = [pairing for length, pairing in nsmallest(SHOWN_PAIRINGS, lengths) if -length >= ENOUGH]
        told = [(pairing, described(tuple(chains[pairing][:_NONE]))) for pairing in shown]
        # Bonferroni's correction.
        return tuple(
            PairingTransitions(home, away, chain, short(min(1.0, chain.p_value * len(told))))
            for (home, away), chain in told
        )

    def _forget(self) -> None:
        """Drop a pairing of the ground that has seen no match for the longest time."""
        ground = next(iter(self._chains))
        met = self._chains[ground]
        del met[next(iter(met))]
        if not met:
            del self._chains[ground]
        self._n -= 1


def smoothed(counts: list[int] | tuple[int, ...]) -> tuple[tuple[float, float, float], ...]:
    """Shares of each row, drawn towards the shares of all rows together by `PRIOR` imaginary pairs."""
    columns = [sum(counts[column::KINDS]) + 1.0 for column in range(KINDS)]
    total = sum(columns)
    rows = []
    for row in range(KINDS):
        cells = counts[KINDS * row : KINDS * (row + 1)]
        n = sum(cells) + PRIOR
        home, draw, away = ((cell + PRIOR * column / total) / n for cell, column in zip(cells, columns, strict=True))
        rows.append((home, draw, away))
    return tuple(rows)


@lru_cache(maxsize=4_096)
def described(counts: tuple[int, ...]) -> Transitions:
    """Counts of successive outcomes, row by row, with what they say."""
    rows = tuple((counts[at], counts[at + 1], counts[at + 2]) for at in range(0, KINDS * KINDS, KINDS))
    shares = tuple((short(home), short(draw), short(away)) for home, draw, away in smoothed(counts))
    return Transitions(sum(counts), rows, shares, short(_independence(rows)))


def _independence(rows: tuple[tuple[int, int, int], ...]) -> float:
    """P-value of Pearson's chi-square test of independence; 1 when less than two rows or two columns have anything."""
    columns = [sum(column) for column in zip(*rows, strict=True)]
    n = sum(columns)
    squares = 0.0
    for row in rows:
        for seen, column in zip(row, columns, strict=True):
            if expected := sum(row) * column / n if n else 0.0:
                squares += (seen - expected) ** 2 / expected
    degrees = (sum(any(row) for row in rows) - 1) * (sum(column > 0 for column in columns) - 1)
    return chi_square_tail(squares, degrees) if degrees > 0 else 1.0
