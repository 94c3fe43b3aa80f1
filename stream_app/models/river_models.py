"""River's own classifiers as match models, with guards at both ends."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Protocol

from river import linear_model, optim, preprocessing

from stream_app.events import Outcome
from stream_app.models.baselines import BaseRate
from stream_app.models.contract import MatchModel, guarded

LEARNING_RATE = 0.03
"""AdaGrad step. Measured on two leagues; between 0.02 and 0.05 nothing changes that matters."""


class RiverClassifier(Protocol):
    """The part of a River classifier that is used here."""

    def predict_proba_one(self, x: dict[str, float]) -> dict[Outcome, float]: ...

    def learn_one(self, x: dict[str, float], y: Outcome) -> None: ...


class RiverScaler(Protocol):
    """The part of a River scaler that is used here."""

    def learn_one(self, x: dict[str, float]) -> None: ...

    def transform_one(self, x: dict[str, float]) -> dict[str, float]: ...


class RiverModel(MatchModel):
    """A River classifier on the standardised numbers that `inputs` names.

    A number that is missing or not finite stands at its mean (0 once standardised) and teaches the scaler nothing.
    Until the classifier answers with finite probabilities, the base rate answers.
    """

    def __init__(self, classifier: RiverClassifier, inputs: tuple[str, ...]) -> None:
        self.classifier = classifier
        self.inputs = inputs
        self.scaler: RiverScaler = preprocessing.StandardScaler()
        self.base_rate = BaseRate()

    def predict_proba_one(self, x: Mapping[str, float]) -> dict[Outcome, float]:  # type: ignore[override]  # River leaves it untyped
        answer = guarded(self.classifier.predict_proba_one(self._standardised(x)))
        if answer is None:
            return self.base_rate.predict_proba_one(x)
        return {"H": answer.H, "D": answer.D, "A": answer.A}

    def learn_one(self, x: Mapping[str, float], y: Outcome) -> None:  # type: ignore[override]  # River leaves it untyped
        self.scaler.learn_one(self._usable(x))
        self.classifier.learn_one(self._standardised(x), y)
        self.base_rate.learn_one(x, y)

    def _usable(self, x: Mapping[str, float]) -> dict[str, float]:
        return {name: x[name] for name in self.inputs if name in x and math.isfinite(x[name])}

    def _standardised(self, x: Mapping[str, float]) -> dict[str, float]:
        scaled = self.scaler.transform_one(self._usable(x))
        # The constant comes after the scaler, which would turn it into 0: River's softmax has no intercept of its own.
        return {name: scaled.get(name, 0.0) for name in self.inputs} | {"constant": 1.0}


def elo_softmax() -> MatchModel:
    """River's softmax regression on the difference of the Elo ratings."""
    return RiverModel(linear_model.SoftmaxRegression(optim.AdaGrad(LEARNING_RATE)), ("elo_difference",))
