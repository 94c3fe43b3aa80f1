"""Which of two models foretells better, as evidence that holds however often one looks at it.

Both models answer the same sealed matches, so what counts is the difference of their log losses, match by match. A bet
on that difference which is fair as long as the challenger is no better can hardly ever become rich: a capital that
starts at 1 reaches `1 / alpha` with probability `alpha` at most, at any time, however the matches are chosen at which
one looks (Ville 1939). So the capital itself, the *e-value*, is the evidence, and turning the bet round tells how large
the difference must be.

The bets are those of Waudby-Smith and Ramdas, "Estimating means of bounded random variables by betting", JRSS B 86
(2024), section 4: a fraction of the capital is put on every match. What is claimed is what Choe and Ramdas claim in
"Comparing Sequential Forecasters", Operations Research 72 (2024), arXiv 2110.00115: not that one model is better in
every match, but that it is on the mean of the matches so far, whatever these were and however that mean moves.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from stream_app.events import Outcome, Probabilities

CLIP = 0.05
"""Probabilities below this are compared as if they were this much (see `clipped`)."""

BOUND = math.log(1.0 / CLIP)
"""No difference of two clipped log losses is larger, in nats: the best clipped probability is 1 / CLIP times the worst.
The smaller the bound, the more may be put on a match without ruin. At 5 % it is 3.0 and costs football models next to
nothing: few of their probabilities are smaller."""

STAKES = tuple(0.96 / BOUND * part for part in (1.0, 0.5, 0.25, 0.125))
"""The fractions that are bet, in capital a nat. The best one is mean / variance of the differences: about .5 between
good models of football, where the largest one here wins nine tenths as much."""

SHARES = (0.45, 0.28, 0.17, 0.10)
"""The part of the first capital that each stake gets. Differences that suit the small stakes take thousands of matches
anyway, to which a few more are no matter. Measured on real pairs of models."""

_LOG_SHARES = tuple(math.log(share) for share in SHARES)
_UNITS = 2.0**52
_LARGEST_LOG = 700.0
_HALVINGS = 50
"""A bound lies within 2 BOUND / 2^50, below 1e-14 nats, of where it should."""


def clipped(probabilities: Probabilities) -> Probabilities:
    """`probabilities` with none below `CLIP`, brought back to a sum of 1: still a forecast that somebody could make."""
    home, draw, away = max(probabilities.H, CLIP), max(probabilities.D, CLIP), max(probabilities.A, CLIP)
    total = home + draw + away
    return Probabilities(home / total, draw / total, away / total)


def difference(challenger: Probabilities, champion: Probabilities, outcome: Outcome) -> float:
    """By how much the challenger's clipped log loss was lower than the champion's, in nats: above 0 it was better."""
    ratio = math.log(clipped(challenger).of(outcome) / clipped(champion).of(outcome))
    # Rounding may carry it a last bit beyond.
    return min(max(ratio, -BOUND), BOUND)


class Evidence:
    """All that a comparison needs of its matches: two e-values and a confidence sequence, at a constant cost a match.

    For each of a few fixed stakes `s` it keeps the logarithm of `prod (1 + s d)` over the differences `d`. With m the
    mean of what the differences were expected to be, given what was known before each match, `1 + s x <= exp(s x)`
    gives that `prod (1 + s d) exp(-s n m)` is no more than a nonnegative supermartingale, and so is the mean of these
    over the stakes. Hence

    * its value at m = 0 is an e-value against "the challenger is no better than the champion";
    * the m at which it is `1 / alpha` is a lower bound that holds at all times at once with probability `1 - alpha`.

    The stakes may not depend on the matches, else the claim would be about a weighted mean. Sums are integers in units
    of 2^-52, so they do not depend on the order of the matches, a match can be taken out again, and evidence from
    several competitions can be added up to the last bit.

    Attributes
    ----------
    n
        Matches.
    total
        Sum of the differences, in units of 2^-52 nats.
    """

    __slots__ = ("_better", "_worse", "n", "total")

    def __init__(self) -> None:
        self.n = 0
        self.total = 0
        self._better = [0] * len(STAKES)
        self._worse = [0] * len(STAKES)

    def add(self, difference: float, times: int = 1) -> None:
        """Count a difference in, or out again with `times` = -1.

        Raises
        ------
        ValueError
            It is not within `BOUND`.
        """
        if not abs(difference) <= BOUND:
            raise ValueError(f"difference {difference}: has to be between -{BOUND:.4f} and {BOUND:.4f} nats")
        self.n += times
        self.total += times * math.floor(difference * _UNITS)
        for place, stake in enumerate(STAKES):
            # Rounded down, so that what is cut off never adds to the evidence.
            self._better[place] += times * math.floor(math.log1p(stake * difference) * _UNITS)
            self._worse[place] += times * math.floor(math.log1p(-stake * difference) * _UNITS)

    def pool(self, other: Evidence) -> None:
        """Add all matches of `other`, which have to be different ones.

        The product of the bets on them is again such a bet in whatever order the matches come in, as long as the
        result of one match tells nothing of how another one's forecasts will compare.
        """
        self.n += other.n
        self.total += other.total
        self._better = [a + b for a, b in zip(self._better, other._better, strict=True)]
        self._worse = [a + b for a, b in zip(self._worse, other._worse, strict=True)]

    def mean(self) -> float:
        """The mean difference in nats a match; 0 without matches."""
        return self.total / (self.n * _UNITS) if self.n else 0.0

    def log_better(self) -> float:
        """The logarithm of the e-value against "the challenger is no better". `log(1 / alpha)` proves it at `alpha`."""
        return self._log_capital(self._better, 0.0)

    def log_worse(self) -> float:
        """The logarithm of the e-value against "the challenger is no worse"."""
        return self._log_capital(self._worse, 0.0)

    def lower(self, alpha: float) -> float:
        """A lower bound for the mean difference, in nats; all bounds ever given hold at once but with `alpha`."""
        return _crossing(lambda mean: self._log_capital(self._better, mean), alpha)

    def upper(self, alpha: float) -> float:
        """An upper bound for the mean difference, like `lower`. Both hold together but with 2 `alpha`."""
        return -_crossing(lambda mean: self._log_capital(self._worse, mean), alpha)

    def _log_capital(self, sums: list[int], mean: float) -> float:
        logs = [
            share + total / _UNITS - stake * self.n * mean
            for share, total, stake in zip(_LOG_SHARES, sums, STAKES, strict=True)
        ]
        top = max(logs)
        return top + math.log(math.fsum(math.exp(log - top) for log in logs))


def _crossing(log_capital: Callable[[float], float], alpha: float) -> float:
    """The mean at which a capital that falls with the mean is `1 / alpha`; `-BOUND` when it is never that large."""
    low, high = -BOUND, BOUND
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        if log_capital(middle) >= -math.log(alpha):
            low = middle
        else:
            high = middle
    return low


def e_value(log_capital: float) -> float:
    """An e-value from its logarithm, cut off where a number would end."""
    return math.exp(min(log_capital, _LARGEST_LOG))
