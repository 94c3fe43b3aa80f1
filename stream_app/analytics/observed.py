"""Observed against expected: how often things happened, and how often the forecasts had them happen."""

from __future__ import annotations

import math

Triple = tuple[float, float, float]
"""Probabilities of H, D and A."""

_SINGULAR = 1e-12


class Observed:
    """Outcomes under one circumstance, with what the forecasts of the same matches expect.

    `ratios` are what the gambler of `wealth` bets on: how much more often than expected each outcome comes, drawn
    towards 1 by `PRIOR` imaginary outcomes of each kind that came just as expected.
    """

    __slots__ = ("away", "cross", "expected", "home", "n", "seen")

    PRIOR = 10.0

    def __init__(self) -> None:
        self.n = 0
        self.seen = [0, 0, 0]
        self.expected = [0.0, 0.0, 0.0]
        self.home = 0.0
        self.away = 0.0
        self.cross = 0.0
        """Sums of the variances of home win and away win, and of their covariance."""

    def factor(self, probabilities: Triple, place: int) -> float:
        """What a bet by the ratios so far on a match of `probabilities` pays when the outcome at `place` comes."""
        prior, seen, expected = self.PRIOR, self.seen, self.expected
        ratios = [(seen[at] + prior) / (expected[at] + prior) for at in (0, 1, 2)]
        home, draw, away = probabilities
        return ratios[place] / (home * ratios[0] + draw * ratios[1] + away * ratios[2])

    def add(self, probabilities: Triple, place: int) -> None:
        """Count a match in."""
        home, draw, away = probabilities
        self.n += 1
        self.seen[place] += 1
        self.expected[0] += home
        self.expected[1] += draw
        self.expected[2] += away
        self.home += home * (1.0 - home)
        self.away += away * (1.0 - away)
        self.cross -= home * away

    def chi_square(self) -> float:
        """Squared distance of what was seen from what was expected; chi-square with two degrees of freedom.

        With the same probabilities for every match it is Pearson's statistic.
        """
        determinant = self.home * self.away - self.cross * self.cross
        if determinant <= _SINGULAR * self.home * self.away:
            return 0.0
        home, away = self.seen[0] - self.expected[0], self.seen[2] - self.expected[2]
        return (home * home * self.away - 2.0 * home * away * self.cross + away * away * self.home) / determinant


class Hits:
    """Something that happens or not, with what the forecasts expect of it. `PRIOR` is as in `Observed`."""

    __slots__ = ("expected", "n", "prior", "seen", "variance")

    def __init__(self, prior: float) -> None:
        self.prior = prior
        self.n = 0
        self.seen = 0
        self.expected = 0.0
        self.variance = 0.0

    def factor(self, probability: float, hit: bool) -> float:
        """What a bet by the ratios so far pays."""
        yes = (self.seen + self.prior) / (self.expected + self.prior)
        no = (self.n - self.seen + self.prior) / (self.n - self.expected + self.prior)
        return (yes if hit else no) / (probability * yes + (1.0 - probability) * no)

    def add(self, probability: float, hit: bool) -> None:
        """Count one in."""
        self.n += 1
        self.seen += hit
        self.expected += probability
        self.variance += probability * (1.0 - probability)

    def excess(self) -> float:
        """By how many standard deviations more were seen than expected."""
        return (self.seen - self.expected) / math.sqrt(self.variance) if self.variance > 0.0 else 0.0
