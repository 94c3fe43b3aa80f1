"""A study of reinforcement: a fault that is put into a model, a model without fault, and the rule without a guard."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from statistics import fmean

from stream_app.events import Features, LeagueConfig, Outcome, Probabilities, outcome_of
from stream_app.feeds.datasets import PlayedMatch
from stream_app.feeds.schedule import schedule
from stream_app.lifecycle.recent import RecentMatch, RecentMatches
from stream_app.lifecycle.reinforcement import Attempt, learn_at, reinforce
from stream_app.lifecycle.suspicion import Trigger
from stream_app.models import zoo
from stream_app.models.contract import MatchModel, guarded
from stream_app.models.match_model import MatchModel1
from stream_app.models.river_models import LogisticRegression
from stream_app.ratings import Match, Ratings

FAULT = 1.7
"""What all weights of the model are multiplied by."""


@dataclass
class Patient:
    """A model at work, with what is done to it and how it fares.

    `mends` lets it reinforce itself; with `unguarded` it learns every ten confident errors again, however old, at the
    rule's rate, without asking whether that is of use.
    """

    model: MatchModel
    config: LeagueConfig
    fault_at: int | None = None
    mends: bool = False
    unguarded: bool = False
    losses: list[float] = field(default_factory=list)
    attempts: list[tuple[int, Attempt]] = field(default_factory=list)
    fired: int = 0
    trigger: Trigger = field(default_factory=Trigger)
    errors: deque[RecentMatch] = field(default_factory=deque)

    def __post_init__(self) -> None:
        self.recent = RecentMatches(self.config.reinforce_matches)

    def hear(self, said: Probabilities, x: dict[str, float], outcome: Outcome, at: datetime) -> None:
        """Score what was said of a match, learn from it and do what is to be done."""
        if len(self.losses) == self.fault_at:
            break_weights(self.model)
        self.losses.append(-math.log(said.of(outcome)))
        self.model.learn_one(x, outcome)
        self.recent.add(at, x, outcome)
        if self.unguarded:
            self._learn_errors(said, x, outcome, at)
        cause = self.trigger.look(said, outcome, at, self.config)
        if cause is None:
            return
        self.fired += 1
        self.trigger.begin_anew()
        if self.mends:
            attempt = reinforce(self.model, self.recent.matches(), cause, self.config)
            self.attempts.append((len(self.losses), attempt))
            if attempt.model is not None:
                self.model = attempt.model

    def _learn_errors(self, said: Probabilities, x: dict[str, float], outcome: Outcome, at: datetime) -> None:
        confidence = max(said.H, said.D, said.A)
        if said.of(outcome) == confidence or confidence < self.config.reinforce_confidence:
            return
        self.errors.append(RecentMatch(at, x, outcome))
        if len(self.errors) == self.config.reinforce_errors:
            learn_at(self.model, self.errors, self.config.reinforce_rate)
            self.errors.clear()
            self.fired += 1


def break_weights(model: MatchModel) -> None:
    """Put the fault into a model: it is much too certain from one match to the next."""
    if isinstance(model, MatchModel1):
        model.experts.heads.weights *= FAULT
        return
    if not isinstance(model, LogisticRegression):
        raise TypeError(f"no fault is known for a {type(model).__name__}")
    weights = model.classifier.weights  # type: ignore[attr-defined]  # its classifier is a softmax regression
    for of_outcome in weights.values():
        for name in of_outcome:
            of_outcome[name] *= FAULT


def follow(matches: Sequence[PlayedMatch], patients: Sequence[Patient]) -> None:
    """Let all patients foretell and learn the same matches, on the ratings alone."""
    ratings = Ratings("league")
    waiting: dict[str, tuple[Match, dict[str, float], list[Probabilities]]] = {}
    for event in schedule(matches):
        if isinstance(event, Features):
            match = Match(event.season, event.kickoff, event.home, event.away)
            x = ratings.inputs(match)
            waiting[event.match_id] = match, x, [_said(patient.model, x) for patient in patients]
            continue
        match, x, said = waiting.pop(event.match_id)
        goals = event.home_goals or 0, event.away_goals or 0
        for patient, words in zip(patients, said, strict=True):
            patient.hear(words, x, outcome_of(*goals), event.finished_at)
        ratings.learn(match, *goals)


def _said(model: MatchModel, x: dict[str, float]) -> Probabilities:
    said = guarded(model.predict_proba_one(x))
    if said is None:
        raise ValueError("the model has nothing usable to say")
    return said


@dataclass(frozen=True, slots=True)
class Mended:
    """Mean log loss of each variant of a model, in nats.

    `healthy` and `healthy_mending`: without fault, left alone and with reinforcement. `unguarded`: without fault, with
    the plain rule and no guard, which took `steps` steps; `rule_fired` is how often the rule as it is set fired.
    `broken` and `mended`: from the fault on (`healthy_after` beside them) over `after` matches, left alone and with
    reinforcement.
    """

    model: str
    matches: int
    healthy: float
    healthy_mending: float
    accepted_when_healthy: int
    unguarded: float
    steps: int
    rule_fired: int
    fault_at: int
    after: int
    healthy_after: float
    broken: float
    mended: float
    attempts: tuple[tuple[int, str], ...]

    @property
    def recovered(self) -> float:
        """Share of the loss that reinforcement wins back."""
        return (self.broken - self.mended) / (self.broken - self.healthy_after)


def mending(matches: Sequence[PlayedMatch], model: str, fault_at: int, after: int) -> Mended:
    """Follow five copies of a model through `matches`; the fault comes before the match at place `fault_at`."""
    config = LeagueConfig()
    rule = replace(config, reinforce="rule")
    off = replace(config, reinforce="off")
    healthy, healthy_mending, unguarded, broken, mended = patients = [
        Patient(zoo.create(model), rule),
        Patient(zoo.create(model), config, mends=True),
        Patient(zoo.create(model), off, unguarded=True),
        Patient(zoo.create(model), off, fault_at=fault_at),
        Patient(zoo.create(model), config, fault_at=fault_at, mends=True),
    ]
    follow(matches, patients)
    part = slice(fault_at + 1, fault_at + 1 + after)
    return Mended(
        model=model,
        matches=len(matches),
        healthy=fmean(healthy.losses),
        healthy_mending=fmean(healthy_mending.losses),
        accepted_when_healthy=sum(attempt.model is not None for _, attempt in healthy_mending.attempts),
        unguarded=fmean(unguarded.losses),
        steps=unguarded.fired,
        rule_fired=healthy.fired,
        fault_at=fault_at,
        after=len(broken.losses[part]),
        healthy_after=fmean(healthy.losses[part]),
        broken=fmean(broken.losses[part]),
        mended=fmean(mended.losses[part]),
        attempts=tuple((place - fault_at, attempt.reason) for place, attempt in mended.attempts if place > fault_at),
    )
