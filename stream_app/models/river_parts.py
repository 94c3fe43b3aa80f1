"""Parts of River, made fit for state that must be the same in every process.

River's `Gaussian` carries a random generator, seeded by the operating system, for a method that nothing here calls. In
a forest these generators were nine tenths of the state, and no two processes had the same.
"""

from __future__ import annotations

import math
from typing import Any

from river import linear_model, metrics, naive_bayes, optim, proba, stats, tree

from stream_app.events import OUTCOMES, Outcome

ENOUGH_OF_EACH = 20
"""Matches of each outcome that naive Bayes waits for: from fewer, a variance can be anything."""


class PlainGaussian(proba.Gaussian):
    """River's running normal distribution, without a random generator. It cannot be sampled from."""

    def __init__(self) -> None:
        self.seed = None
        self._var = stats.Var(ddof=1)


class PlainGaussianSplitter(tree.splitter.GaussianSplitter):
    """River's Gaussian observer of a tree's leaf, on plain Gaussians."""

    def update(self, att_val: Any, target_val: Any, w: float) -> None:
        if att_val is not None and target_val not in self._att_dist_per_class:
            self._att_dist_per_class[target_val] = PlainGaussian()
            self._min_per_class[target_val] = self._max_per_class[target_val] = att_val
        super().update(att_val, target_val, w)  # type: ignore[no-untyped-call]  # River is untyped


class Unmeasured(metrics.base.MultiClassMetric):
    """Stands where a forest measures its trees. Its vote is not weighted, so there is nothing to measure."""

    def __init__(self) -> None:
        self.cm = None

    def update(self, y_true: Outcome, y_pred: Outcome | None, w: float = 1.0) -> None:
        return

    def get(self) -> float:
        return 0.0


class GaussianBayes(naive_bayes.GaussianNB):
    """River's Gaussian naive Bayes on the inputs named, which answers once it knows `ENOUGH_OF_EACH` outcome."""

    def __init__(self, inputs: tuple[str, ...]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # River is untyped
        self.inputs = inputs
        gaussians = {outcome: {name: PlainGaussian() for name in inputs} for outcome in OUTCOMES}
        self.gaussians = gaussians  # type: ignore[assignment]  # every key is there, so no factory is needed

    def predict_proba_one(self, x: dict[Any, Any], **kwargs: Any) -> dict[Any, float]:
        if any(self.class_counts[outcome] < ENOUGH_OF_EACH for outcome in OUTCOMES):
            return {}
        # River takes the logarithm of the sum through NumPy, whose last bits depend on the processor.
        joint: dict[Outcome, float] = self.joint_log_likelihood(x)  # type: ignore[no-untyped-call]  # River is untyped
        top = max(joint.values())
        likelihood = {outcome: math.exp(joint[outcome] - top) for outcome in OUTCOMES}
        total = sum(likelihood.values())
        return {outcome: likelihood[outcome] / total for outcome in OUTCOMES}


def softmax_regression(inputs: tuple[str, ...], learning_rate: float) -> linear_model.SoftmaxRegression:
    """River's softmax regression with AdaGrad, whose outcomes and inputs are known from the start.

    So it answers with all three outcomes from the first match on, and its state holds no factories.
    """
    model = linear_model.SoftmaxRegression(optim.AdaGrad(learning_rate))
    optimizers = {outcome: optim.AdaGrad(learning_rate) for outcome in OUTCOMES}
    weights = {outcome: dict.fromkeys(inputs, 0.0) for outcome in OUTCOMES}
    model.optimizers = optimizers  # type: ignore[assignment]  # every key is there, so no factory is needed
    model.weights = weights  # type: ignore[assignment]  # every key is there, so no factory is needed
    return model
