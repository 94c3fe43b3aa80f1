"""Models of named numbers: what somebody trains on a table of their own.

Each looks at the inputs that it is given and at nothing else. Numbers from upstream reach a league under the names that
`upstream_inputs` gives them, so a model that was trained on these can work in a league as well.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from stream_app.errors import InvalidInput
from stream_app.events import OUTCOMES, Outcome
from stream_app.models.baselines import BaseRate
from stream_app.models.contract import Explanation, MatchModel, guarded
from stream_app.models.ensemble import EQUAL_WEIGHTS, VotingEnsemble, votes
from stream_app.models.inputs import UPSTREAM_PREFIX, hit, known
from stream_app.models.river_models import LogisticRegression, NaiveBayes, RandomForest
from stream_app.models.scaling import Standardiser
from stream_app.models.softmax import HeadBank, softmax

DEFAULT_FEATURES = ("home_form", "away_form", "home_strength", "away_strength", "head_to_head")
"""What a model looks at that is told nothing else: the numbers of the sample, which `stream-app sample` explains."""


def input_name(feature: str) -> str:
    """The input by which models see the upstream number called `feature`."""
    return UPSTREAM_PREFIX + feature


DEFAULT_INPUTS = tuple(map(input_name, DEFAULT_FEATURES))


class KalmanSoftmax(MatchModel):
    """A Bayesian multinomial logistic regression (a Kalman softmax head) on standardised numbers and a constant.

    It knows how sure it is of each weight, so it learns fast from the first rows and carefully later: the one to take
    for a table of a few hundred rows. A number that is missing stands at its mean.
    """

    BIAS_VARIANCE = 1.0
    WEIGHT_VARIANCE = 0.05
    FORGET = 0.9999

    def __init__(self, inputs: tuple[str, ...] = DEFAULT_INPUTS) -> None:
        self.inputs = inputs
        self.scale = Standardiser(len(inputs))
        self.head = HeadBank([[self.BIAS_VARIANCE, *(self.WEIGHT_VARIANCE for _ in inputs)]], [self.FORGET])

    def predict_proba_one(self, x: Mapping[str, float]) -> dict[Outcome, float]:  # type: ignore[override]  # River leaves it untyped
        (logits,) = self.head.logits(self._scaled(self._values(x)))
        return dict(zip(OUTCOMES, softmax(logits), strict=True))

    def learn_one(self, x: Mapping[str, float], y: Outcome) -> None:  # type: ignore[override]  # River leaves it untyped
        values = self._values(x)
        scaled = self._scaled(values)
        (logits,) = self.head.logits(scaled)
        self.head.learn(scaled, [softmax(logits)], hit(y))
        self.scale.learn(values)

    def _values(self, x: Mapping[str, float]) -> list[float]:
        return [known(x, name) for name in self.inputs]

    def _scaled(self, values: list[float]) -> list[float]:
        return [1.0, *self.scale.standardised(values)]


class MeanEnsemble(MatchModel):
    """The mean of a logistic regression, a random forest and naive Bayes, each of its own, on the same inputs."""

    def __init__(self, inputs: tuple[str, ...]) -> None:
        self.inputs = inputs
        models = (LogisticRegression(inputs), small_forest(inputs), NaiveBayes(inputs))
        self.members: dict[str, MatchModel] = dict(zip(EQUAL_WEIGHTS, models, strict=True))
        self.vote = VotingEnsemble()

    def predict_proba_one(self, x: Mapping[str, float]) -> dict[Outcome, float]:  # type: ignore[override]  # River leaves it untyped
        return self.vote.predict_proba_one(self._heard(x))

    def learn_one(self, x: Mapping[str, float], y: Outcome) -> None:  # type: ignore[override]  # River leaves it untyped
        for member in self.members.values():
            member.learn_one(x, y)
        self.vote.learn_one(x, y)

    def explain(self, x: Mapping[str, float]) -> Explanation:
        """What each member says."""
        return self.vote.explain(self._heard(x))

    def answer(self, x: Mapping[str, float]) -> tuple[dict[Outcome, float], Explanation]:
        """Both from asking the members once."""
        return self.vote.answer(self._heard(x))

    def _heard(self, x: Mapping[str, float]) -> dict[str, float]:
        heard = dict(x)
        for name, member in self.members.items():
            said = guarded(member.predict_proba_one(x))
            if said is not None:
                heard |= votes(name, said)
        return heard


SMALL_GRACE = 20
"""Rows between two looks for a split. A league's forest waits for ten times as many, but a table is seldom that long;
on five numbers of 12,825 matches it costs nothing (log loss .9968 against .9987), and on 300 of them it gains .02."""


def small_forest(inputs: tuple[str, ...]) -> RandomForest:
    """A random forest that begins to split on the few rows of a table."""
    return RandomForest(inputs, grace=SMALL_GRACE)


ALGORITHMS: Mapping[str, Callable[[tuple[str, ...]], MatchModel]] = {
    "KalmanSoftmax": KalmanSoftmax,
    "LogisticRegression": LogisticRegression,
    "RandomForest": small_forest,
    "NaiveBayes": NaiveBayes,
    "Ensemble": MeanEnsemble,
    "BaseRate": lambda inputs: BaseRate(),
}
"""What can be trained on a table, by the name by which it is asked for."""

FAMILY = "feature_model"
"""Name in the zoo of all of them: one that comes into a league brings its state along, and with it its kind and what it
looks at."""


def create_algorithm(algorithm: str, features: tuple[str, ...]) -> MatchModel:
    """A new, cold model of upstream numbers called `features`. InvalidInput for a name that no algorithm has."""
    if algorithm not in ALGORITHMS:
        raise InvalidInput(f"algorithm {algorithm!r}: unknown; the algorithms are {', '.join(ALGORITHMS)}")
    return ALGORITHMS[algorithm](tuple(map(input_name, features)))
