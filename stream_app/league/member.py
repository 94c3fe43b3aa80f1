"""One model at work in a league: what it answers, what it has learned, how it has fared."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from stream_app.evaluation.rolling import Standing
from stream_app.evaluation.scoring import brier, likeliest, log_loss, rps
from stream_app.evaluation.watch import Watch
from stream_app.events import (
    Alias,
    Birth,
    Expected,
    Forecast,
    Health,
    LeagueConfig,
    ModelStanding,
    Outcome,
    Score,
)
from stream_app.league.course import Course
from stream_app.league.digest import digest
from stream_app.league.fixture import Given
from stream_app.league.saying import UNKNOWING, forecast
from stream_app.lifecycle.knowledge import Knowledge
from stream_app.lifecycle.promotion import Contender
from stream_app.lifecycle.suspicion import Trigger
from stream_app.models.contract import MatchModel, guarded
from stream_app.models.zoo import create


class Member:
    """A version of a model at work, with its figures. Every new start of a model of the same name is a new version.

    Attributes
    ----------
    algorithm
        Its kind, by the name in the zoo.
    alias
        The part that it plays.
    born
        Where it comes from.
    knowledge
        What it has learned.
    frozen
        Whether it has stopped learning.
    reserve
        The version whose place it took. It follows silently: it learns, and is compared with its successor.
    state
        Digest of its state, and how many matches it had learned then.
    course
        How it stood over time.
    """

    def __init__(
        self,
        name: str,
        version: int,
        window: int,
        born: Birth,
        *,
        algorithm: str | None = None,
        alias: Alias = "challenger",
        model: MatchModel | None = None,
        knowledge: Knowledge | None = None,
    ) -> None:
        self.name = name
        self.version = version
        self.algorithm = algorithm or name
        self.model = model or create(self.algorithm)
        self.alias: Alias = alias
        self.born = born
        self.knowledge = knowledge or Knowledge()
        self.frozen = False
        self.reserve: Member | None = None
        self.state: tuple[str, int] | None = None
        self.course = Course()
        self.standing = Standing(window)
        self.watch = Watch()
        self.trigger = Trigger()

    @property
    def contender(self) -> Contender:
        """Its model and version."""
        return Contender(self.name, self.version)

    @property
    def learned(self) -> int:
        """Matches that it has learned."""
        return self.knowledge.matches

    def forecast(self, x: Mapping[str, float], config: LeagueConfig) -> Forecast:
        """What the model says of the match that `x` describes; `blocked` while the model is cold."""
        blocked = self.learned < config.cold_matches
        return forecast(self.model, x, self.name, self.version, self.alias, blocked=blocked, config=config)

    def aside(self, x: Mapping[str, float], config: LeagueConfig) -> Given:
        """What the version in reserve says, which is not published."""
        probabilities = guarded(self.model.predict_proba_one(x))
        blocked = probabilities is None or self.learned < config.cold_matches
        return Given(self.name, self.version, "experimental", probabilities or UNKNOWING, blocked)

    def learn(self, x: Mapping[str, float], outcome: Outcome, seal: bytes) -> None:
        """Learn that the match that `x` describes ended with `outcome`; `seal` is the digest of both."""
        if not self.frozen:
            self.model.learn_one(x, outcome)
            self.knowledge.add(seal)
        if self.reserve is not None:
            self.reserve.learn(x, outcome, seal)

    def take_state(self) -> None:
        """Put the digest of the state on record."""
        self.state = (digest(self.model), self.learned)

    def mark(self, at: datetime) -> None:
        """Put down how it stands when it is time to."""
        total = self.standing.total.n
        if self.course.is_due(total):
            self.course.add(total, at, self.standing.rolling.figures())

    def health(self, config: LeagueConfig) -> tuple[Health, str]:
        """How it is, in a word, and why."""
        return self.watch.health(self.learned, config, frozen=self.frozen)

    def line(self, ahead: Expected, config: LeagueConfig) -> ModelStanding:
        """The model's line of the scoreboard; `ahead` is what it promises of the matches to come."""
        health, reason = self.health(config)
        return ModelStanding(
            model=self.name,
            version=self.version,
            alias=self.alias,
            total=self.standing.total.figures(),
            rolling=self.standing.rolling.figures(),
            promised=self.standing.rolling.expected(),
            ahead=ahead,
            health=health,
            reason=reason,
        )


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
