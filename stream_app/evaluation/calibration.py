"""Whether what was given thirty per cent happened three times in ten."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from stream_app.events import OUTCOMES, Outcome, Probabilities

BINS = 10


@dataclass(frozen=True, slots=True)
class Bin:
    """The forecasts of one tenth of the scale: how many, their mean, and the share of them that came true."""

    n: int
    forecast: float
    observed: float


class Calibration:
    """The reliability diagram of a model and the distance of its curve from the diagonal, at a constant cost a match.

    Each match gives three forecasts, one an outcome, and all of them are pooled: a model is calibrated when it is right
    about home wins, draws and away wins alike.
    """

    def __init__(self) -> None:
        self.n = [0] * BINS
        self.forecast = [0.0] * BINS
        self.observed = [0] * BINS
        self.variance = [0.0] * BINS

    def add(self, probabilities: Probabilities, outcome: Outcome) -> None:
        """Count the forecasts of one match in."""
        for name in OUTCOMES:
            probability = probabilities.of(name)
            place = min(int(probability * BINS), BINS - 1)
            self.n[place] += 1
            self.forecast[place] += probability
            self.observed[place] += name == outcome
            self.variance[place] += probability * (1.0 - probability)

    def bins(self) -> list[Bin]:
        """The bins that hold a forecast, in the order of their probabilities."""
        return [
            Bin(n, forecast / n, observed / n)
            for n, forecast, observed in zip(self.n, self.forecast, self.observed, strict=True)
            if n
        ]

    def error(self) -> float:
        """The expected calibration error: the mean over all forecasts of the distance of their bin from the diagonal.

        `sum over bins of n_b / N * |mean forecast - share that came true|`, with ten bins of equal width. 0 when there
        is no forecast.

        Source: M. P. Naeini, G. F. Cooper and M. Hauskrecht, "Obtaining Well Calibrated Probabilities Using Bayesian
        Binning", AAAI 2015, section 2.
        """
        return _per_forecast(self.n, (abs(a - b) for a, b in zip(self.forecast, self.observed, strict=True)))

    def error_by_chance(self) -> float:
        """About what `error` would be if every forecast were exactly right, from the luck of so many matches alone.

        The share that comes true in a bin has the variance `sum of p (1 - p) / n_b^2`, and the mean absolute value of a
        normal variable is `sqrt(2 / pi)` of its standard deviation.
        """
        return _per_forecast(self.n, (math.sqrt(2.0 / math.pi * variance) for variance in self.variance))


def _per_forecast(n: list[int], distances: Iterable[float]) -> float:
    total = sum(n)
    return math.fsum(distances) / total if total else 0.0
