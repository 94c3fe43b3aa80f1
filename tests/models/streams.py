"""Streams of inputs and outcomes, as a league would hand them to a model."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from stream_app.events import LeagueKind, Outcome, Probabilities, outcome_of
from stream_app.models import zoo
from stream_app.models.contract import MatchModel
from stream_app.models.ensemble import votes
from stream_app.models.upstream import upstream_inputs
from stream_app.ratings import Ratings
from tests.ratings.worlds import Played, league, nations


class Example(NamedTuple):
    """A match as a model meets it."""

    x: dict[str, float]
    y: Outcome


def examples(kind: LeagueKind = "league", count: int = 270, seed: int = 1) -> Iterator[Example]:
    """Rating inputs of a made-up competition, with odds on two matches of three and with numbers from upstream."""
    rng = random.Random(seed)
    played: Iterator[Played] = league(1 + count // 90, seed=seed) if kind == "league" else nations(count, seed=seed)
    ratings = Ratings(kind)
    for number, (match, home_goals, away_goals) in zip(range(count), played, strict=False):
        features = {"rest": float(rng.randrange(3, 9)), "form": rng.gauss(0.0, 1.0)}
        odds = {"odds_home": 2.1 + rng.random(), "odds_draw": 3.4, "odds_away": 3.0 + rng.random()}
        x = ratings.inputs(match) | upstream_inputs(odds | features if number % 3 else features)
        yield Example(x, outcome_of(home_goals, away_goals))
        ratings.learn(match, home_goals, away_goals)


def together(
    models: Mapping[str, MatchModel], x: Mapping[str, float]
) -> tuple[dict[str, float], dict[str, Probabilities]]:
    """What the models of a league say of a match, and the inputs with their votes, from which they learn."""
    heard, said = dict(x), {}
    for name, model in models.items():
        told = model.predict_proba_one(heard)
        said[name] = Probabilities(told["H"], told["D"], told["A"])
        heard |= votes(name, said[name])
    return heard, said


def create_all() -> dict[str, MatchModel]:
    """One of each model, the ensemble last."""
    return {name: zoo.create(name) for name in sorted(zoo.MODELS, key=lambda name: name == "ensemble_v1")}
