"""Every model by its name."""

from __future__ import annotations

from collections.abc import Callable

from stream_app.errors import InvalidInput
from stream_app.models.baselines import BaseRate
from stream_app.models.contract import MatchModel
from stream_app.models.river_models import elo_softmax

MODELS: dict[str, Callable[[], MatchModel]] = {
    "base_rate": BaseRate,
    "elo_softmax": elo_softmax,
}


def create(name: str) -> MatchModel:
    """A new, cold model called `name`. InvalidInput for a name that no model has."""
    if name not in MODELS:
        raise InvalidInput(f"model '{name}': unknown; the models are {', '.join(sorted(MODELS))}")
    return MODELS[name]()
