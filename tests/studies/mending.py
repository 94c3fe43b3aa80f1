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
class Healthy:
    """Mean log loss of a model without a fault, in nats: left alone, and allowed to mend itself with so many changes.

    `unguarded` is the one that learned its confident errors again without a guard, in so many `steps`; `rule_fired` is
    how often the plain rule found a cause as it is set.
    """

    model: str
    matches: int
    alone: float
    mending: float
    changes: int
    unguarded: float
    steps: int
    rule_fired: int


@dataclass(frozen=True, slots=True)
class Fault:
    """Mean log loss in the matches after a fault, in nats: of the model without it, with it, and mending itself.

    `attempts` are those after the fault: how many matches after it, and what was decided.
    """

    model: str
    place: int
    matches: int
    healthy: float
    broken: float
    mended: float
    attempts: tuple[tuple[int, str], ...]

    @property
    def cost(self) -> float:
        """By how much the fault raises the log loss."""
        return self.broken - self.healthy

    @property
    def left(self) -> float:
        """What is left of that when the model mends itself."""
        return self.mended - self.healthy

    @property
    def recovered(self) -> float:
        """Share of the loss that mending wins back."""
        return 1.0 - self.left / self.cost


def healthy(matches: Sequence[PlayedMatch], model: str) -> Healthy:
    """Follow a model without a fault through `matches`, alone, mending itself, and learning its errors unguarded."""
    config = LeagueConfig()
    alone, mending, unguarded = patients = [
        Patient(zoo.create(model), replace(config, reinforce="rule")),
        Patient(zoo.create(model), config, mends=True),
        Patient(zoo.create(model), replace(config, reinforce="off"), unguarded=True),
    ]
    follow(matches, patients)
    return Healthy(
        model=model,
        matches=len(matches),
        alone=fmean(alone.losses),
        mending=fmean(mending.losses),
        changes=sum(attempt.model is not None for _, attempt in mending.attempts),
        unguarded=fmean(unguarded.losses),
        steps=unguarded.fired,
        rule_fired=alone.fired,
    )


def faults(matches: Sequence[PlayedMatch], model: str, places: Sequence[int], after: Sequence[int]) -> list[Fault]:
    """Put the fault into a model before the matches at these places; figures over so many matches `after` each."""
    config = LeagueConfig()
    off = replace(config, reinforce="off")
    sound = Patient(zoo.create(model), off)
    broken = [Patient(zoo.create(model), off, fault_at=place) for place in places]
    mended = [Patient(zoo.create(model), config, fault_at=place, mends=True) for place in places]
    follow(matches, [sound, *broken, *mended])
    found = []
    for place, sick, healing in zip(places, broken, mended, strict=True):
        for span in after:
            # The fault is in the model from the learning of this match on.
            part = slice(place + 1, place + 1 + span)
            attempts = [(number - place, attempt.reason) for number, attempt in healing.attempts]
            found.append(
                Fault(
                    model=model,
                    place=place,
                    matches=len(sick.losses[part]),
                    healthy=fmean(sound.losses[part]),
                    broken=fmean(sick.losses[part]),
                    mended=fmean(healing.losses[part]),
                    attempts=tuple((since, reason) for since, reason in attempts if 0 < since <= span),
                )
            )
    return found
