"""Evidence against chance that may be looked at after every match: the wealth of a gambler.

Somebody who bets 1 on a sequence, at odds that are fair if chance made it, has at any time the chance of at most 1/w
of ever having had w (Ville, J. (1939), *Étude critique de la notion de collectif*). So a large wealth is evidence, the
reciprocal of the largest one is a p-value, and neither minds how often it was looked at. See Ramdas, A., Grünwald, P.,
Vovk, V. and Shafer, G. (2023), 'Game-theoretic statistics and safe anytime-valid inference', Statistical Science 38(4),
576-601.
"""

from __future__ import annotations

import math

LARGEST_LOG = 600.0
"""Logarithm beyond which a wealth is not told any more: e to the 709th is the largest float."""


class Wealth:
    """A gambler who at each moment has one part of the wealth in the game and holds the other one back.

    Both parts exchange a share that shrinks as 1 over the number of bets (the fixed-share forecaster of Herbster, M.
    and Warmuth, M. K. (1998), 'Tracking the best expert', Machine Learning 32, 151-178). So a gambler who has lost by
    a thousand fair matches still has something to bet when fairness ends.
    """

    __slots__ = ("bets", "largest_log", "log", "playing")

    def __init__(self) -> None:
        self.bets = 0
        self.log = 0.0
        """Logarithm of the wealth."""
        self.largest_log = 0.0
        self.playing = 0.5
        """The share of the wealth that is in the game."""

    def bet(self, factor: float) -> None:
        """Settle a bet that multiplies what is in the game by `factor`, whose mean is 1 if chance decides."""
        self.bets += 1
        played, held = self.playing * factor, 1.0 - self.playing
        total = played + held
        exchanged = 1.0 / (self.bets + 2.0)
        self.playing = (played * (1.0 - exchanged) + held * exchanged) / total
        self.log += math.log(total)
        self.largest_log = max(self.largest_log, self.log)

    def evidence(self) -> float:
        """What the first 1 is now worth."""
        return math.exp(min(self.log, LARGEST_LOG))

    def p_value(self) -> float:
        """At most the chance that fair odds ever let the wealth grow as large as it was."""
        return math.exp(-min(self.largest_log, LARGEST_LOG))


def log_mean_exp(logs: list[float]) -> float:
    """The logarithm of the mean of the numbers whose logarithms are given."""
    largest = max(logs)
    return largest + math.log(sum(math.exp(log - largest) for log in logs) / len(logs))
