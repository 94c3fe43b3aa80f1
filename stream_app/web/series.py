"""How the models' log loss went over a competition's life, as a line of bounded length for each model."""

from __future__ import annotations

import math
from dataclasses import dataclass

from stream_app.evaluation.scoring import log_loss
from stream_app.events import Evaluation, Probabilities

CAPACITY = 480
"""Points that are kept. When they are full, every other one goes and the step between two points doubles."""


MARKET = "market"
"""Name of the line of the odds, which are no model of the service."""


@dataclass(frozen=True, slots=True)
class Point:
    """Mean log loss of each model over the window that ends with one match.

    `at` is that match's kickoff in seconds since 1970, never before the point to the left.
    """

    at: float
    losses: dict[str, float]


class RollingLoss:
    """Rolling mean log loss of all models of one competition, from its evaluations.

    A point is drawn once the window is at least half full: the mean of a handful of matches swings so widely that it
    would set the scale of the whole chart. A correction changes the matches in the current window; points that were
    drawn before it stay, as they tell what was known then.
    """

    def __init__(self, window: int, capacity: int = CAPACITY) -> None:
        self._window = window
        self._capacity = capacity
        self._matches: dict[str, dict[str, float]] = {}
        self._points: list[Point] = []
        self._step = 1
        self._since_point = 0
        self._latest = -math.inf

    def add(self, evaluation: Evaluation, market: Probabilities | None = None) -> None:
        """Take one evaluation in; a void or expired one takes its match out of the window.

        `market` is what the odds said of it, and becomes a line of its own.
        """
        if not evaluation.models:
            self._matches.pop(evaluation.match_id, None)
            return
        known = evaluation.match_id in self._matches
        losses = {score.model: score.log_loss for score in evaluation.models}
        if market is not None and evaluation.outcome is not None:
            losses[MARKET] = log_loss(market, evaluation.outcome)
        self._matches[evaluation.match_id] = losses
        if known:
            return
        if len(self._matches) > self._window:
            del self._matches[next(iter(self._matches))]
        self._latest = max(self._latest, evaluation.kickoff.timestamp())
        self._since_point += 1
        if self._since_point >= self._step and 2 * len(self._matches) >= self._window:
            self._since_point = 0
            self._points.append(self._now())
            if len(self._points) >= self._capacity:
                self._points = self._points[1::2]
                self._step *= 2

    def points(self) -> list[Point]:
        """The line from left to right; its last point is the present state of the window."""
        if self._since_point and self._points:
            return [*self._points, self._now()]
        return list(self._points)

    def _now(self) -> Point:
        losses: dict[str, list[float]] = {}
        for match in self._matches.values():
            for model, loss in match.items():
                losses.setdefault(model, []).append(loss)
        return Point(self._latest, {model: math.fsum(values) / len(values) for model, values in losses.items()})
