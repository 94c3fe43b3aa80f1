"""What a model's own probabilities promise of its scores, and the evidence that it does not keep the promise.

Probabilities say more than what is likely: they say how often their owner is going to be right, and how much it is
going to lose. That can be had before any result is known, and no baseline of other days or other models is needed to
hold a model to it.

**The evidence.** If the outcome `y` is drawn from the forecast `p`, then for any other forecast `q` that was fixed
before, the ratio `q(y) / p(y)` is 1 in the mean: nobody gains by betting on `q` against a `p` that is right. `ratios`
gives it for six rivals that stand for the ways in which promises are broken. Three give the same outcomes less sharply,
`q ~ p^b`: for these the logarithm of the ratio is `(1 - b)` times the log loss of the forecast, less what the forecast
itself makes of that, so they gain exactly where a model loses more than it promised. The other three give one of the
outcomes less often.

Multiplying these ratios from the first match on would be a test of whether a model was *ever* right. What is asked is
whether it has *ceased* to be, at a moment that nobody knows. The Shiryaev-Roberts statistic is the sum of the products
from every possible beginning, `R <- (1 + R) q(y) / p(y)`. While promises are kept, `R` less the number of matches is a
martingale, so that on average at least `A` matches pass before `R`, or a mean of such statistics, first reaches `A`:
however often one looks, whatever the matches are, and for any `A`. Of everything with that guarantee it finds a change
that comes late soonest on average, given the right rival.

Sources: M. Pollak and A. G. Tartakovsky, "Optimality Properties of the Shiryaev-Roberts Procedure", Statistica Sinica
19 (2009), 1729-1739; for any e-value in the place of the ratio, J. Shin, A. Ramdas and A. Rinaldo, "E-detectors: A
Nonparametric Framework for Sequential Change Detection", New England Journal of Statistics in Data Science 2 (2024),
229-260 (arXiv 2203.03532).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from stream_app.events import OUTCOMES, Outcome, Probabilities

SHARPNESS = (0.8, 0.6, 0.4)
"""The powers `b` of the less sharp rivals: a little, clearly and much overconfident. Weights that are 1.7 times what
they should be call for 1 / 1.7 = 0.59. Rivals that are nearer to 1 find smaller faults, and find them in every model
that is good but not perfect."""

LESS_OFTEN = 0.6
"""By how much the others lower the odds of an outcome: one of 52 % to 39 %, one of 25 % to 17 %. As above: a bias of
one or two points, which every good model has, gives these no gain."""

RIVALS = len(SHARPNESS) + len(OUTCOMES)


def confidence(probabilities: Probabilities) -> float:
    """The expected hit rate: the probability of the likeliest outcome."""
    return max(probabilities.H, probabilities.D, probabilities.A)


def expected_log_loss(probabilities: Probabilities) -> float:
    """The log loss to expect when the outcome is drawn from `probabilities`: their entropy, in nats."""
    return -math.fsum(p * math.log(p) for p in (probabilities.H, probabilities.D, probabilities.A))


def ratios(probabilities: Probabilities, outcome: Outcome) -> tuple[float, ...]:
    """`q(y) / p(y)` of each rival: those that are less sharp, then those that give H, D and A less often."""
    p, happened = (probabilities.H, probabilities.D, probabilities.A), probabilities.of(outcome)
    less_sharp = [happened ** (power - 1.0) / (p[0] ** power + p[1] ** power + p[2] ** power) for power in SHARPNESS]
    less_often = [
        (LESS_OFTEN if name == outcome else 1.0) / (1.0 - (1.0 - LESS_OFTEN) * p[place])
        for place, name in enumerate(OUTCOMES)
    ]
    return (*less_sharp, *less_often)


class Evidence:
    """The mean of the Shiryaev-Roberts statistics of some rivals, at a constant cost a match.

    It is held at the limit once it has reached it: what is far beyond doubt must not take as long again to be forgiven.

    Attributes
    ----------
    value
        The matches after which a model that keeps its promises would have come as far, on average at least.
    """

    __slots__ = ("of_rivals", "value")

    def __init__(self, rivals: int) -> None:
        self.of_rivals = [0.0] * rivals
        self.value = 0.0

    def add(self, ratios: Sequence[float], limit: float) -> None:
        """Count a match with its `ratios`, one a rival; `limit` is the `A` of the module's text."""
        self.of_rivals = [(1.0 + had) * ratio for had, ratio in zip(self.of_rivals, ratios, strict=True)]
        self.value = sum(self.of_rivals) / len(self.of_rivals)
        if self.value > limit:
            self.of_rivals = [had * (limit / self.value) for had in self.of_rivals]
            self.value = limit

    def strongest(self) -> int:
        """The place of the rival that has the largest part in it."""
        return self.of_rivals.index(max(self.of_rivals))

    def forget(self) -> None:
        """Begin anew."""
        self.of_rivals = [0.0] * len(self.of_rivals)
        self.value = 0.0
