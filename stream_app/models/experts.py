"""The seven experts on form: what the results so far say of a match, seen in seven ways."""

from __future__ import annotations

import math
from collections.abc import Mapping

from stream_app.events import OUTCOMES, Outcome
from stream_app.models.inputs import hit, known, known_ones, pair
from stream_app.models.river_parts import GaussianBayes
from stream_app.models.scaling import Standardiser
from stream_app.models.softmax import HeadBank, Logits, Triple

CORE = (
    "elo_difference",
    "pi_difference",
    "kalman_log_hd",
    "kalman_log_ad",
    "poisson_log_rate_ratio",
    "kalman_log_rate_sum",
    "neutral",
    "friendly",
)
"""The rating inputs that the heads look at."""

HEADS = ("elo", "pi", "core", "residual")
RATES = ("kalman", "poisson")
BAYES = "naive_bayes"
EXPERTS = (*HEADS, *RATES, BAYES)
"""Names of the experts, in the order in which they answer."""

BAYES_INPUT = "kalman_log_rate_ratio"

FORGET_FAST, FORGET_SLOW = 0.9995, 0.9998
BIAS_VARIANCE = 1.0
SINGLE_VARIANCE = 1.0
CORE_VARIANCE = 0.05
RESIDUAL_VARIANCE = 0.001
"""Forgetting and prior variances, measured on several leagues. The fewer and the better known a head's inputs, the
freer it is; the residual head may move only a little away from the Kalman filter's probabilities."""


def _single(name: str) -> list[float]:
    """Prior of a head on one rating, which also hears where and for what the match is played."""
    heard = {name, "neutral", "friendly"}
    return [BIAS_VARIANCE, *(SINGLE_VARIANCE if known in heard else 0.0 for known in CORE)]


class FormExperts:
    """All seven, on the rating inputs of one competition.

    * `elo`, `pi`: a Kalman softmax head on that rating alone.
    * `core`: a head on all of `CORE`.
    * `residual`: the same with the Kalman filter's log ratios as an offset, held close to them.
    * `kalman`, `poisson`: the probabilities that follow from the rates of these ratings.
    * `naive_bayes`: Gaussian naive Bayes on the ratio of the Kalman filter's rates.

    Where a rating has nothing on a match, the base rate stands in for it.
    """

    def __init__(self) -> None:
        self.scale = Standardiser(len(CORE))
        self.heads = HeadBank(
            priors=[
                _single("elo_difference"),
                _single("pi_difference"),
                [BIAS_VARIANCE, *(CORE_VARIANCE for _ in CORE)],
                [BIAS_VARIANCE, *(RESIDUAL_VARIANCE for _ in CORE)],
            ],
            forget=[FORGET_FAST, FORGET_FAST, FORGET_SLOW, FORGET_SLOW],
        )
        self.bayes = GaussianBayes((BAYES_INPUT,))

    def logits(self, x: Mapping[str, float], base: Logits) -> list[Logits]:
        """What each expert says, as log ratios, in the order of `EXPERTS`. `base` is the base rate."""
        kalman = pair(x, "kalman") or base
        poisson = pair(x, "poisson") or base
        elo, pi, core, residual = self.heads.logits(self.inputs(x))
        residual = residual[0] + kalman[0], residual[1] + kalman[1]
        return [elo, pi, core, residual, kalman, poisson, self._bayes(x) or base]

    def learn(self, x: Mapping[str, float], forecasts: list[Triple], outcome: Outcome) -> None:
        """Learn how a match ended of which the experts had said `forecasts`."""
        self.heads.learn(self.inputs(x), forecasts[: len(HEADS)], hit(outcome))
        self.scale.learn([known(x, name) for name in CORE])
        self.bayes.learn_one(known_ones(x, (BAYES_INPUT,)), outcome)  # type: ignore[no-untyped-call]  # River is untyped

    def inputs(self, x: Mapping[str, float]) -> list[float]:
        """The inputs of the heads: a constant, and `CORE` standardised."""
        return [1.0, *self.scale.standardised([known(x, name) for name in CORE])]

    def _bayes(self, x: Mapping[str, float]) -> Logits | None:
        answer = self.bayes.predict_proba_one(known_ones(x, (BAYES_INPUT,)))
        home, draw, away = (answer.get(outcome, 0.0) for outcome in OUTCOMES)
        if min(home, draw, away) <= 0.0:
            return None
        return math.log(home / draw), math.log(away / draw)
