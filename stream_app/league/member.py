"""One model at work in a league: what it answers, what it has learned, how it has fared."""

from __future__ import annotations

from collections.abc import Mapping

from stream_app.evaluation.drift import DecayWatch
from stream_app.evaluation.rolling import Standing
from stream_app.evaluation.scoring import brier, likeliest, log_loss, rps
from stream_app.events import (
    Alias,
    Forecast,
    ForecastStatus,
    LeagueConfig,
    ModelStanding,
    Outcome,
    Probabilities,
    Score,
)
from stream_app.league.fixtures import Given
from stream_app.models.contract import guarded
from stream_app.models.zoo import create

UNKNOWING = Probabilities(1 / 3, 1 / 3, 1 / 3)


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
        """What the model says of the match that `x` describes.

        It is `blocked` while the model is cold, or when it has no usable answer (then all outcomes are alike);
        `uncertain` when no outcome reaches the configured confidence, or two are in conflict; else `active`.
        """
        answer = guarded(self.model.predict_proba_one(x))
        probabilities = answer or UNKNOWING
        outcome = likeliest(probabilities)
        confidence, second, _ = sorted((probabilities.H, probabilities.D, probabilities.A), reverse=True)
        conflict = confidence - second <= config.conflict_within
        status: ForecastStatus = "active"
        if answer is None or self.learned < config.cold_matches:
            status = "blocked"
        elif conflict or confidence < config.uncertain_below:
            status = "uncertain"
        told = self.model.explain(x)
        return Forecast(
            model=self.name,
            version=self.version,
            alias=alias,
            probabilities=probabilities,
            outcome=outcome,
            confidence=confidence,
            status=status,
            conflict=conflict,
            members=told.members,
            why=told.why,
        )

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
