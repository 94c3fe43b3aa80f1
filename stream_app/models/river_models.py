"""River's own classifiers as match models, with guards at both ends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from river import forest, preprocessing

from stream_app.events import OUTCOMES, Outcome
from stream_app.models.baselines import BaseRate
from stream_app.models.contract import MatchModel, guarded
from stream_app.models.forest_packing import packed
from stream_app.models.inputs import known_ones
from stream_app.models.packed_forest import PackedForest
from stream_app.models.river_parts import GaussianBayes, softmax_regression
from stream_app.models.rivers_forest import GRACE

RATING_INPUTS = (
    "elo_difference",
    "pi_difference",
    "kalman_log_hd",
    "kalman_log_ad",
    "poisson_log_rate_ratio",
    "kalman_log_rate_sum",
)
"""The six numbers in which the ratings say nearly all that they know of a match."""

LEARNING_RATE = 0.03
"""AdaGrad step of the softmax regressions. Measured on two leagues; up to 0.05 the one gains what the other loses."""

CONSTANT = "constant"


class RiverClassifier(Protocol):
    """The part of a River classifier that is used here."""

    def predict_proba_one(self, x: dict[Any, Any]) -> dict[Any, float]: ...

    def learn_one(self, x: dict[Any, Any], y: Any) -> None: ...


class RiverScaler(Protocol):
    """The part of a River scaler that is used here."""

    def learn_one(self, x: dict[str, float]) -> None: ...

    def transform_one(self, x: dict[str, float]) -> dict[str, float]: ...


class RiverModel(MatchModel):
    """A River classifier on the numbers that `inputs` names.

    Numbers that are missing or not finite never reach it. As long as it has no usable answer, the base rate answers.

    Parameters
    ----------
    base_share
        The share of the base rate in every answer. Trees need one: a leaf that has seen no draw gives draws no chance.
    """

    def __init__(self, classifier: RiverClassifier, inputs: tuple[str, ...], base_share: float = 0.0) -> None:
        self.classifier = classifier
        self.inputs = inputs
        self.base_share = base_share
        self.base_rate = BaseRate()

    def predict_proba_one(self, x: Mapping[str, float]) -> dict[Outcome, float]:  # type: ignore[override]  # River leaves it untyped
        base = self.base_rate.predict_proba_one(x)
        answer = guarded(self.classifier.predict_proba_one(self._prepared(x)))
        if answer is None:
            return base
        share = self.base_share
        return {outcome: (1.0 - share) * answer.of(outcome) + share * base[outcome] for outcome in OUTCOMES}

    def learn_one(self, x: Mapping[str, float], y: Outcome) -> None:  # type: ignore[override]  # River leaves it untyped
        self.classifier.learn_one(self._prepared(x), y)
        self.base_rate.learn_one(x, y)

    def _prepared(self, x: Mapping[str, float]) -> dict[str, float]:
        return known_ones(x, self.inputs)


class LogisticRegression(RiverModel):
    """River's softmax regression on standardised numbers and a constant.

    A number that is missing stands at its mean, 0, and teaches the scaler nothing.
    """

    def __init__(self, inputs: tuple[str, ...] = RATING_INPUTS, learning_rate: float = LEARNING_RATE) -> None:
        super().__init__(softmax_regression((*inputs, CONSTANT), learning_rate), inputs)
        self.learning_rate = learning_rate
        self.scaler: RiverScaler = preprocessing.StandardScaler()

    def learn_one(self, x: Mapping[str, float], y: Outcome) -> None:  # type: ignore[override]  # River leaves it untyped
        self.scaler.learn_one(super()._prepared(x))
        super().learn_one(x, y)

    def _prepared(self, x: Mapping[str, float]) -> dict[str, float]:
        scaled = self.scaler.transform_one(super()._prepared(x))
        # The constant comes after the scaler, which would turn it into 0: River's softmax has no intercept of its own.
        return {name: scaled.get(name, 0.0) for name in self.inputs} | {CONSTANT: 1.0}


class RandomForest(RiverModel):
    """River's adaptive random forest on the rating inputs, without its drift detectors.

    The ratings follow what changes in football, so a tree's own inputs hardly drift. Detectors on hits and misses, of
    which a football model has nearly as many of each, mostly found noise: without them the log loss was the same on
    two leagues, and the state a half.
    """

    BASE_SHARE = 0.02

    def __init__(self, inputs: tuple[str, ...] = RATING_INPUTS, seed: int = 1, grace: int = GRACE) -> None:
        super().__init__(PackedForest(inputs, seed, grace), inputs, self.BASE_SHARE)
        self.seed = seed
        self.grace = grace

    def __setstate__(self, state: dict[str, Any]) -> None:
        # Artefacts in the log may hold River's own forest, as it was stored before it was packed.
        if isinstance(state["classifier"], forest.ARFClassifier):
            state = state | {"classifier": packed(state["classifier"], state["inputs"])}
        self.__dict__.update(state)


class NaiveBayes(RiverModel):
    """River's Gaussian naive Bayes on one number, the Kalman filter's log ratio of home to away goals.

    On several ratings it fails, since these say the same thing several times and it takes them for independent; on one
    it is nearly as good as anything here.
    """

    def __init__(self, inputs: tuple[str, ...] = ("kalman_log_rate_ratio",)) -> None:
        super().__init__(GaussianBayes(inputs), inputs)
