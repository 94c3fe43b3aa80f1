"""Numbers of any unit, brought to a common scale while they stream by."""

from __future__ import annotations

import math
from collections.abc import Sequence

CLIP = 4.0
"""Standard deviations at which a standardised number ends."""

MEMORY = 2_000
"""Numbers after which the first ones begin to fade. Long enough for a steady scale (a standard deviation known to
2 %), short enough that a unit that changes, or one absurd number, is forgotten in a few seasons."""

FIRM = 30
"""Numbers after which the scale is known well enough to tell an outlier."""

OUTLIER = 8.0
"""Standard deviations from the mean at which a number teaches the scale no more."""

_ROUNDING = 1e-18
"""Variance, relative to the squared mean, below which nothing but rounding can have moved a number."""


class Standardiser:
    """Running mean and variance of several inputs (Welford's method, with a memory), each seen or missing on its own.

    An input that is missing, not finite or so far constant stands at 0, its mean.
    """

    def __init__(self, inputs: int) -> None:
        self.counts = [0] * inputs
        self.means = [0.0] * inputs
        self.variances = [0.0] * inputs

    def standardised(self, values: Sequence[float]) -> list[float]:
        """The values in standard deviations from their means, between -4 and 4. Not-a-number stands for missing."""
        result = []
        for value, mean, variance in zip(values, self.means, self.variances, strict=True):
            # The comparison is false for a value that is not a number.
            if variance > _ROUNDING * mean * mean and -math.inf < value < math.inf:
                scaled = (value - mean) / math.sqrt(variance)
                result.append(CLIP if scaled > CLIP else -CLIP if scaled < -CLIP else scaled)
            else:
                result.append(0.0)
        return result

    def learn(self, values: Sequence[float]) -> None:
        """Learn the scale of these values."""
        for place, value in enumerate(values):
            if not math.isfinite(value):
                continue
            count = self.counts[place] + 1
            error = value - self.means[place]
            variance = self.variances[place]
            if count > FIRM and variance > 0.0:
                limit = OUTLIER * math.sqrt(variance)
                error = min(max(error, -limit), limit)
            step = 1.0 / (count if count < MEMORY else MEMORY)
            self.means[place] += step * error
            self.variances[place] = (1.0 - step) * (variance + step * error * error)
            self.counts[place] = count

    def grow(self) -> None:
        """Add an input."""
        self.counts.append(0)
        self.means.append(0.0)
        self.variances.append(0.0)

    def reset(self, place: int) -> None:
        """Forget what is known of the input at `place`, which stands for something else from now on."""
        self.counts[place], self.means[place], self.variances[place] = 0, 0.0, 0.0
