"""What came with the features of a match: any number that somebody upstream knows."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping

from stream_app.events import Outcome
from stream_app.models.inputs import ABSURD, UPSTREAM_PREFIX, hit
from stream_app.models.market import ODDS, OddsNames, market_inputs
from stream_app.models.scaling import Standardiser
from stream_app.models.softmax import HeadBank, Logits, Triple

MOST_NAMES = 32
"""Numbers from upstream that are looked at: of a match, the first in the order of their names."""

STALE_MATCHES = 200
"""Matches without a number after which its place is given to a new one, if all places are taken."""

BIAS_VARIANCE = 0.001
WITHOUT_VARIANCE = 0.05
WEIGHT_VARIANCE = 0.01
FORGET = 0.9998
"""The head hears the forecast that it starts from as well, so that it can trust it less where numbers say the same."""

_FIRST_NUMBER = 3
"""Place of the first number among the head's inputs, after a constant and the forecast's two log ratios."""


def upstream_inputs(features: Mapping[str, float] | None, odds: tuple[OddsNames, ...] = ODDS) -> dict[str, float]:
    """The inputs that models take from the features of a match, in an order that does not depend on the sender's.

    Odds that are recognised become the market's log ratios (see `market`); every other number keeps its name, behind
    `UPSTREAM_PREFIX`. What is not finite, or absurd, is left out.
    """
    usable = {name: float(value) for name, value in sorted((features or {}).items()) if not math.isnan(_usable(value))}
    known = {name for names in odds for name in names}
    others = [name for name in usable if name not in known][:MOST_NAMES]
    return market_inputs(usable, odds) | {sys.intern(UPSTREAM_PREFIX + name): usable[name] for name in others}


class UpstreamExpert:
    """A Kalman softmax head on whatever numbers come, around the best forecast that there is without them.

    Numbers of any unit are compressed (inverse hyperbolic sine: as it is near 0, logarithmic far away) and standardised
    as they stream by. Each name has a place of its own from the second match on in which it comes; there are
    `MOST_NAMES` places. The expert has nothing to say on a match without any number that it knows.
    """

    def __init__(self) -> None:
        self.names: list[str] = []
        self.last_seen: list[int] = []
        self.matches = 0
        self.scale = Standardiser(0)
        self.head = HeadBank([[BIAS_VARIANCE, WITHOUT_VARIANCE, WITHOUT_VARIANCE]], [FORGET])

    def logits(self, x: Mapping[str, float], without: Logits) -> Logits | None:
        """What it says, as log ratios; `without` is the forecast that knows nothing of the numbers."""
        values = self._values(x)
        if all(map(math.isnan, values)):
            return None
        ((home, away),) = self.head.logits(self._inputs(values, without))
        return home + without[0], away + without[1]

    def learn(self, x: Mapping[str, float], without: Logits, forecast: Triple | None, outcome: Outcome) -> None:
        """Learn how a match ended of which it had said `forecast`, and which numbers came with it."""
        self.matches += 1
        values = self._values(x)
        if forecast is not None:
            self.head.learn(self._inputs(values, without), [forecast], hit(outcome))
            self.scale.learn(values)
        for name in x:
            if name.startswith(UPSTREAM_PREFIX) and not math.isnan(_usable(x[name])):
                self._see(name)

    def terms(self, x: Mapping[str, float], without: Logits) -> dict[str, Logits]:
        """What each number adds to the log ratios, by name."""
        ((home, away),) = self.head.terms(self._inputs(self._values(x), without))
        return {name: (home[place], away[place]) for place, name in enumerate(self.names, start=_FIRST_NUMBER)}

    def _values(self, x: Mapping[str, float]) -> list[float]:
        return [math.asinh(_usable(x.get(name, math.nan))) for name in self.names]

    def _inputs(self, values: list[float], without: Logits) -> list[float]:
        return [1.0, *without, *self.scale.standardised(values)]

    def _see(self, name: str) -> None:
        if name in self.names:
            self.last_seen[self.names.index(name)] = self.matches
        elif len(self.names) < MOST_NAMES:
            self.names.append(name)
            self.last_seen.append(self.matches)
            self.scale.grow()
            self.head.grow(WEIGHT_VARIANCE)
        else:
            place = min(range(len(self.names)), key=self.last_seen.__getitem__)
            if self.matches - self.last_seen[place] > STALE_MATCHES:
                self.names[place], self.last_seen[place] = name, self.matches
                self.scale.reset(place)
                self.head.reset(place + _FIRST_NUMBER)


def _usable(value: float) -> float:
    """`value`, or not-a-number where it makes no sense."""
    return value if abs(value) < ABSURD else math.nan
