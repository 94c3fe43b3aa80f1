"""A model whose certainty is set by one number on top of it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from stream_app.events import OUTCOMES, Outcome
from stream_app.models.contract import FLOOR, Explanation, MatchModel
from stream_app.models.softmax import Triple

SMALLEST, LARGEST = 0.25, 4.0
"""Powers between which one is looked for: beyond them a model needs more than another temperature."""

STEP = 0.005
"""Step of the logarithm of the power after a match. The model below goes on learning and may find its own way back;
a power that stood still would then be the fault. Ten times the step recovered less of every fault that was tried."""

_NEWTON_STEPS = 12
_HITS: Mapping[Outcome, int] = {outcome: place for place, outcome in enumerate(OUTCOMES)}


class Tempered(MatchModel):
    """What `model` says, every probability raised to `power` and the sum brought back to 1.

    A power below 1 takes certainty away, one above 1 adds some. It goes on learning by gradient steps on the log loss.
    This is temperature scaling with 1 / temperature as the power; see Guo, C. et al. (2017), "On Calibration of Modern
    Neural Networks", ICML, section 4.2.
    """

    def __init__(self, model: MatchModel, power: float) -> None:
        self.model = model
        self.power = power

    @property
    def listens_to(self) -> tuple[str, ...]:
        return self.model.listens_to

    def predict_proba_one(self, x: Mapping[str, float]) -> dict[Outcome, float]:  # type: ignore[override]  # River leaves it untyped
        return self._tempered(self.model.predict_proba_one(x))

    def learn_one(self, x: Mapping[str, float], y: Outcome) -> None:  # type: ignore[override]  # River leaves it untyped
        logs = logs_of(self.model.predict_proba_one(x))
        slope = self.power * _slope(logs, _HITS[y], self.power)
        power = self.power * math.exp(-STEP * slope)
        self.power = min(max(power, SMALLEST), LARGEST)
        self.model.learn_one(x, y)

    def explain(self, x: Mapping[str, float]) -> Explanation:
        """What stands behind the model's own forecast; another certainty has the same reasons."""
        return self.model.explain(x)

    def answer(self, x: Mapping[str, float]) -> tuple[dict[Outcome, float], Explanation]:
        """Both, as the model itself has them."""
        said, told = self.model.answer(x)
        return self._tempered(said), told

    def _tempered(self, said: Mapping[Outcome, float]) -> dict[Outcome, float]:
        return dict(zip(OUTCOMES, tempered(logs_of(said), self.power), strict=True))


def logs_of(said: Mapping[Outcome, float]) -> Triple:
    """The logarithms of what a model says; nothing usable is as good as nothing known."""
    home, draw, away = (said.get(outcome, 0.0) for outcome in OUTCOMES)
    if not all(math.isfinite(value) and value >= 0.0 for value in (home, draw, away)) or home + draw + away <= 0.0:
        return 0.0, 0.0, 0.0
    return math.log(max(home, FLOOR)), math.log(max(draw, FLOOR)), math.log(max(away, FLOOR))


def tempered(logs: Triple, power: float) -> Triple:
    """Probabilities in proportion to `exp(power * log)`."""
    top = max(logs)
    home, draw, away = (math.exp(power * (log - top)) for log in logs)
    total = home + draw + away
    return home / total, draw / total, away / total


def best_power(said: Sequence[Triple], hits: Sequence[int]) -> float:
    """The power with the least log loss on these matches, between `SMALLEST` and `LARGEST`.

    `said` has the logarithms of a model's probabilities and `hits` the place of each outcome. The loss is convex in the
    power, so Newton's method finds it; steps that lead out of the range end at its edge.
    """
    power = 1.0
    for _ in range(_NEWTON_STEPS):
        slopes = math.fsum(_slope(logs, hit, power) for logs, hit in zip(said, hits, strict=True))
        bends = math.fsum(_bend(logs, power) for logs in said)
        if bends <= 0.0:
            return power
        # Half of the way at most, so that a step from where the loss is nearly straight does not overshoot.
        power = min(max(power - slopes / bends, 0.5 * power, SMALLEST), 2.0 * power, LARGEST)
    return power


def _slope(logs: Triple, hit: int, power: float) -> float:
    """Derivative of the log loss of one match by the power: the mean logarithm less that of what came."""
    return sum(p * log for p, log in zip(tempered(logs, power), logs, strict=True)) - logs[hit]


def _bend(logs: Triple, power: float) -> float:
    """Second derivative: the variance of the logarithms."""
    said = tempered(logs, power)
    mean = sum(p * log for p, log in zip(said, logs, strict=True))
    return sum(p * (log - mean) ** 2 for p, log in zip(said, logs, strict=True))
