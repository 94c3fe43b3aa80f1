"""Do the final scores come from the distribution that was foretold? Their probability integral transform.

Transforms of successive goal counts (home, away, home of the next match, ...) are independent of each other as well: a
generator that gives a number again shows in the pairs.

Where a score falls in its foretold distribution is uniform between 0 and 1 if that is right (Rosenblatt, M.
(1952), 'Remarks on a multivariate transformation', Annals of Mathematical Statistics 23(3), 470-472). Goals are whole
numbers, so each covers a stretch of the scale; the place in it is drawn, from the match's own id, so that every replay
draws the same.
"""

from __future__ import annotations

import uuid

from stream_app.events import GoalRates, name_id
from stream_app.ratings.scores import MOST_GOALS, score_matrix

BINS = 10
THIRDS = 3
PRIOR = 10.0
"""Imaginary goal counts in each bin beforehand; see `observed`."""


class Uniformity:
    """How often the transform fell into each tenth of the scale, and into which third after which."""

    def __init__(self) -> None:
        self.counts = [0] * BINS
        self.pairs = [0] * (THIRDS * THIRDS)
        self.last: int | None = None
        """The third into which the last one fell."""

    @property
    def n(self) -> int:
        """Goal counts so far."""
        return sum(self.counts)

    def factor(self, place: float) -> float:
        """What a bet by the counts so far pays when the next transform is `place`."""
        return BINS * (self.counts[_part(place, BINS)] + PRIOR) / (self.n + BINS * PRIOR)

    @property
    def n_pairs(self) -> int:
        """Successive goal counts so far."""
        return sum(self.pairs)

    def pair_factor(self, place: float) -> float:
        """What a bet by the pairs so far pays; 1 for the first transform."""
        if self.last is None:
            return 1.0
        row = self._row(self.last)
        return THIRDS * (row[_part(place, THIRDS)] + PRIOR) / (sum(row) + THIRDS * PRIOR)

    def pair_chi_square(self) -> float:
        """Pearson's statistic against equal counts in each row, with `THIRDS` * (`THIRDS` - 1) degrees of freedom."""
        rows = [self._row(first) for first in range(THIRDS)]
        return sum(
            sum((count - sum(row) / THIRDS) ** 2 for count in row) * THIRDS / sum(row) for row in rows if any(row)
        )

    def chi_square(self) -> float:
        """Pearson's statistic against equal counts, with `BINS` - 1 degrees of freedom."""
        expected = self.n / BINS
        return sum((count - expected) ** 2 for count in self.counts) / expected if expected else 0.0

    def add(self, place: float) -> None:
        """Count one in."""
        self.counts[_part(place, BINS)] += 1
        third = _part(place, THIRDS)
        if self.last is not None:
            self.pairs[THIRDS * self.last + third] += 1
        self.last = third

    def _row(self, first: int) -> list[int]:
        return self.pairs[THIRDS * first : THIRDS * (first + 1)]


def transform(rates: GoalRates, match_id: str, home_goals: int, away_goals: int) -> tuple[float, float]:
    """Where the goals of both sides fall in their distributions: the home side's, and the away side's given those."""
    matrix = score_matrix(rates.log_home_rate, rates.log_away_rate, rates.home_spread, rates.away_spread, rates.rho)
    home_goals, away_goals = min(home_goals, MOST_GOALS), min(away_goals, MOST_GOALS)
    home = [sum(row) for row in matrix]
    return _place(home, home_goals, match_id, "home"), _place(matrix[home_goals], away_goals, match_id, "away")


def _place(chances: list[float], goals: int, match_id: str, side: str) -> float:
    drawn = uuid.UUID(name_id("transform", match_id, side)).int / 2.0**128
    return (sum(chances[:goals]) + drawn * chances[goals]) / sum(chances)


def _part(place: float, parts: int) -> int:
    return min(int(place * parts), parts - 1)
