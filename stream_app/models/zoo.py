"""Every model by its name."""

from __future__ import annotations

from collections.abc import Callable

from stream_app.errors import InvalidInput
from stream_app.models.baselines import BaseRate
from stream_app.models.contract import MatchModel
from stream_app.models.ensemble import VotingEnsemble
from stream_app.models.feature_models import FAMILY, KalmanSoftmax
from stream_app.models.match_model import MatchModel1
from stream_app.models.river_models import LogisticRegression, NaiveBayes, RandomForest

MODELS: dict[str, Callable[[], MatchModel]] = {
    "match_model_v1": MatchModel1,
    "logistic_regression_v1": LogisticRegression,
    "random_forest_v1": RandomForest,
    "naive_bayes_v1": NaiveBayes,
    "ensemble_v1": VotingEnsemble,
    "elo_softmax": lambda: LogisticRegression(("elo_difference",)),
    "base_rate": BaseRate,
    FAMILY: KalmanSoftmax,
}


def create(name: str) -> MatchModel:
    """A new, cold model called `name`. InvalidInput for a name that no model has."""
    if name not in MODELS:
        raise InvalidInput(f"model '{name}': unknown; the models are {', '.join(sorted(MODELS))}")
    return MODELS[name]()
