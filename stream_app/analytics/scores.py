"""Do the final scores come from the distribution that was foretold? Their probability integral transform.

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
PRIOR = 10.0
"""Imaginary goal counts in each bin beforehand; see `observed`."""


class Uniformity:
    """How often the transform fell into each tenth of the scale."""

    def __init__(self) -> None:
        self.counts = [0] * BINS

    @property
    def n(self) -> int:
        """Goal counts so far."""
        return sum(self.counts)

    def factor(self, place: float) -> float:
        """What a bet by the counts so far pays when the next transform is `place`."""
        return BINS * (self.counts[_bin(place)] + PRIOR) / (self.n + BINS * PRIOR)

    def chi_square(self) -> float:
        """Pearson's statistic against equal counts, with `BINS` - 1 degrees of freedom."""
        expected = self.n / BINS
        return sum((count - expected) ** 2 for count in self.counts) / expected if expected else 0.0

    def add(self, place: float) -> None:
        """Count one in."""
        self.counts[_bin(place)] += 1


def transform(rates: GoalRates, match_id: str, home_goals: int, away_goals: int) -> tuple[float, float]:
    """Where the goals of both sides fall in their distributions: the home side's, and the away side's given those."""
    matrix = score_matrix(rates.log_home_rate, rates.log_away_rate, rates.home_spread, rates.away_spread, rates.rho)
    home_goals, away_goals = min(home_goals, MOST_GOALS), min(away_goals, MOST_GOALS)
    home = [sum(row) for row in matrix]
    return _place(home, home_goals, match_id, "home"), _place(matrix[home_goals], away_goals, match_id, "away")


def _place(chances: list[float], goals: int, match_id: str, side: str) -> float:
    drawn = uuid.UUID(name_id("transform", match_id, side)).int / 2.0**128
    return (sum(chances[:goals]) + drawn * chances[goals]) / sum(chances)


def _bin(place: float) -> int:
    return min(int(place * BINS), BINS - 1)
