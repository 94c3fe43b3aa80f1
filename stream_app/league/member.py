"""One model at work in a league: what it answers, what it has learned, how it has fared."""

from __future__ import annotations

from collections.abc import Mapping

from stream_app.evaluation.drift import DecayWatch
from stream_app.evaluation.rolling import Standing
from stream_app.evaluation.scoring import brier, likeliest, log_loss, rps
from stream_app.events import (
    Alias,
    Forecast,
    LeagueConfig,
    ModelStanding,
    Outcome,
    Score,
)
from stream_app.league.fixtures import Given
from stream_app.league.saying import forecast
from stream_app.models.zoo import create


class Member:
    """A model of a league, with its figures. Every new start of a model of the same name is a new version."""

    def __init__(self, name: str, version: int, window: int) -> None:
        self.name = name
        self.version = version
        self.model = create(name)
        self.learned = 0
        self.standing = Standing(window)
        self.watch = DecayWatch()

    def forecast(self, x: Mapping[str, float], alias: Alias, config: LeagueConfig) -> Forecast:
        """What the model says of the match that `x` describes; `blocked` while the model is cold."""
        blocked = self.learned < config.cold_matches
        return forecast(self.model, x, self.name, self.version, alias, blocked=blocked, config=config)

    def learn(self, x: Mapping[str, float], outcome: Outcome) -> None:
        """Learn that the match that `x` describes ended with `outcome`."""
        self.model.learn_one(x, outcome)
        self.learned += 1

    def line(self, alias: Alias) -> ModelStanding:
        """The model's line of the scoreboard."""
        standing = self.standing
        return ModelStanding(self.name, self.version, alias, standing.total.figures(), standing.rolling.figures())


def score(given: Given, outcome: Outcome) -> Score:
    """How the forecast of which `given` is a part fared."""
    probabilities = given.probabilities
    foretold = likeliest(probabilities)
    return Score(
        model=given.model,
        version=given.version,
        alias=given.alias,
        probabilities=probabilities,
        outcome=foretold,
        hit=foretold == outcome,
        log_loss=log_loss(probabilities, outcome),
        rps=rps(probabilities, outcome),
        brier=brier(probabilities, outcome),
    )
