"""What every model of a match is: a multiclass River classifier over the outcomes H, D and A.

`predict_proba_one(x)` takes a dictionary of numbers and answers with a probability for each of H, D and A, whatever it
has seen so far and whatever is missing from `x`; `learn_one(x, y)` learns one outcome. A model holds plain picklable
state, reads no clock and draws no random number that is not seeded, so the same calls give the same bits.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from river import base

from stream_app.events import Outcome, Probabilities, Reason, Voice

FLOOR = 1e-6
"""The smallest probability that a model may publish; keeps one surprise from costing an infinite log loss."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """What stands behind a forecast.

    Attributes
    ----------
    members
        What the model's members say, and how they are heard.
    why
        The few inputs that moved the forecast most against the base rate, the largest shift first.
    """

    members: tuple[Voice, ...] = ()
    why: tuple[Reason, ...] = ()


class MatchModel(base.Classifier):
    """A multiclass classifier that always answers with H, D and A."""

    @property
    def listens_to(self) -> tuple[str, ...]:
        """Names of the models whose forecasts this one wants among its inputs (see `ensemble.votes`)."""
        return ()

    @property
    def _multiclass(self) -> bool:
        return True

    def predict_proba_one(self, x: Mapping[str, float]) -> dict[Outcome, float]:  # type: ignore[override]  # River leaves it untyped
        """Probabilities of H, D and A for the match that `x` describes."""
        raise NotImplementedError

    def learn_one(self, x: Mapping[str, float], y: Outcome) -> None:  # type: ignore[override]  # River leaves it untyped
        """Learn that the match that `x` describes ended with `y`."""
        raise NotImplementedError

    def explain(self, x: Mapping[str, float]) -> Explanation:
        """What stands behind the forecast of the match that `x` describes; empty from a model that cannot tell."""
        return Explanation()

    def answer(self, x: Mapping[str, float]) -> tuple[Mapping[Outcome, float], Explanation]:
        """The forecast of the match that `x` describes, and what stands behind it: both in one for what they share."""
        return self.predict_proba_one(x), self.explain(x)


def guarded(raw: Mapping[Outcome, float]) -> Probabilities | None:
    """`raw` as probabilities that are finite, at least `FLOOR` and sum to 1; None when it says nothing usable.

    A cold River model answers with nothing or with one class only, and one that learned a NaN answers with NaN.
    """
    home, draw, away = raw.get("H", 0.0), raw.get("D", 0.0), raw.get("A", 0.0)
    total = home + draw + away
    # The comparisons are false for values that are not numbers, and a sum of finite values may still be infinite.
    if not (home >= 0.0 and draw >= 0.0 and away >= 0.0 and total > 0.0 and math.isfinite(total)):
        return None
    home, draw, away = max(home / total, FLOOR), max(draw / total, FLOOR), max(away / total, FLOOR)
    total = home + draw + away
    return Probabilities(home / total, draw / total, away / total)
