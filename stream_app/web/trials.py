"""How the evidence between a champion and a challenger grew, as lines of bounded length.

The same mathematics as the league's own trial, folded here from the evaluations; the figures that decide are those in
the registry. Each match counts as it was first scored: a later correction does not move the lines.
"""

from __future__ import annotations

from dataclasses import dataclass

from stream_app.events import Outcome, Score
from stream_app.lifecycle.evidence import Evidence, difference

CAPACITY = 240
"""Points that are kept. When they are full, every other one goes and the step between two points doubles."""


@dataclass(frozen=True, slots=True)
class TrialPoint:
    """After `matches`: the mean difference of log loss in nats, above 0 where the challenger is better, and its bounds.

    Both bounds hold after every match at once but with probability 2 alpha.
    """

    matches: int
    mean: float
    lower: float
    upper: float


class TrialLine:
    """The evidence between two versions, match by match.

    Parameters
    ----------
    alpha
        Probability with which each of the two bounds may ever fail.
    """

    def __init__(self, champion: Score, challenger: Score, alpha: float, capacity: int = CAPACITY) -> None:
        self.champion, self.champion_version = champion.model, champion.version
        self.challenger, self.challenger_version = challenger.model, challenger.version
        self.alpha = alpha
        self._capacity = capacity
        self._evidence = Evidence()
        self._points: list[TrialPoint] = []
        self._step = 1

    def add(self, champion: Score, challenger: Score, outcome: Outcome) -> None:
        """Count the scores of a match that ended with `outcome`."""
        self._evidence.add(difference(challenger.probabilities, champion.probabilities, outcome))
        if self._evidence.n % self._step == 0:
            self._points.append(self._now())
            if len(self._points) >= self._capacity:
                self._points = self._points[1::2]
                self._step *= 2

    def points(self) -> list[TrialPoint]:
        """The line from its first match on; its last point is how it stands."""
        if self._evidence.n % self._step:
            return [*self._points, self._now()]
        return list(self._points)

    def _now(self) -> TrialPoint:
        evidence = self._evidence
        return TrialPoint(evidence.n, evidence.mean(), evidence.lower(self.alpha), evidence.upper(self.alpha))
