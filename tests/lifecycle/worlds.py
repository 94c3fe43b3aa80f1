"""Small worlds in which the truth is known, for the tests of the lifecycle."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from stream_app.events import OUTCOMES, Outcome, Probabilities
from stream_app.lifecycle.recent import RecentMatch
from stream_app.models.contract import MatchModel

START = datetime(2024, 8, 1, tzinfo=UTC)


class Oracle(MatchModel):
    """Knows the truth of `match`, and holds it for `sharpness` times as certain as it is. It learns nothing."""

    def __init__(self, sharpness: float = 1.0) -> None:
        self.sharpness = sharpness
        self.learned = 0

    def predict_proba_one(self, x: Mapping[str, float]) -> dict[Outcome, float]:  # type: ignore[override]  # River leaves it untyped
        weights = [math.exp(self.sharpness * value) for value in (x["strength"], 0.0, -x["strength"])]
        return {outcome: weight / sum(weights) for outcome, weight in zip(OUTCOMES, weights, strict=True)}

    def learn_one(self, x: Mapping[str, float], y: Outcome) -> None:  # type: ignore[override]  # River leaves it untyped
        self.learned += 1


def match(draws: random.Random, at: datetime) -> RecentMatch:
    """A match between sides whose difference in strength is drawn."""
    strength = draws.gauss(0.2, 0.6)
    x = {"strength": strength, "elo_difference": strength}
    truth = Oracle().predict_proba_one(x)
    (outcome,) = draws.choices(OUTCOMES, [truth[outcome] for outcome in OUTCOMES])
    return RecentMatch(at, x, outcome)


def season(matches: int, seed: int = 1, hours: float = 12.0) -> list[RecentMatch]:
    """So many matches, one every `hours`."""
    draws = random.Random(seed)
    return [match(draws, START + place * timedelta(hours=hours)) for place in range(matches)]


def said(model: MatchModel, played: RecentMatch) -> Probabilities:
    """What a model says of a match."""
    return Probabilities(**model.predict_proba_one(played.x))
