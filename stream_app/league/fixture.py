"""One match as a league remembers it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from stream_app.events import Alias, EvaluationStatus, Features, Outcome, Probabilities, Result, ResultStatus
from stream_app.ratings import Match

State = Literal["open", "played", "abandoned", "expired"]


@dataclass(frozen=True, slots=True)
class Given:
    """The part of a forecast that its score depends on, and whether it was blocked."""

    model: str
    version: int
    alias: Alias
    probabilities: Probabilities
    blocked: bool = False


@dataclass(frozen=True, slots=True)
class Sealed:
    """The revision of a prediction that is scored when the result comes.

    `given` was published; `aside` is what versions in reserve said, for comparison alone.
    """

    prediction_id: str
    match: Match
    as_of: datetime
    given: tuple[Given, ...]
    aside: tuple[Given, ...] = ()


@dataclass(frozen=True, slots=True)
class Revision:
    """New features are to be answered: with the prediction of this `number`, from 1."""

    number: int
    supersedes: str | None
    late: bool


@dataclass(slots=True)
class Fixture:
    """One match as the league remembers it.

    Attributes
    ----------
    since
        The confirmed time when the match became known.
    latest
        The latest moment that any of its messages speaks of.
    kickoff
        Of the newest features; of the first result, when there are none.
    revisions, as_of
        Number of predictions so far, late ones included, and the newest features that they answer.
    sealed
        What is scored when the result comes.
    x
        The numbers behind `sealed`, until they are learned from.
    heard
        Every different result message so far.
    rank
        What another result has to reach in order to count.
    goals
        Of both sides, while the match is played.
    evaluations, evaluation_id, verdict
        Number of evaluations so far; id and status of the one that stands.
    scored
        The outcome with which `sealed` is counted in the figures; None while it is not.
    counted
        When that was, as the number of the counted match.
    learned
        Whether the ratings have learned from this match.
    """

    match_id: str
    kickoff: datetime
    since: datetime | None
    latest: datetime
    state: State = "open"
    revisions: int = 0
    as_of: datetime | None = None
    sealed: Sealed | None = None
    x: Mapping[str, float] | None = None
    heard: list[tuple[datetime, ResultStatus, int | None, int | None]] = field(default_factory=list)
    rank: tuple[datetime, bool] | None = None
    goals: tuple[int, int] | None = None
    evaluations: int = 0
    evaluation_id: str | None = None
    verdict: EvaluationStatus | None = None
    scored: Outcome | None = None
    counted: int = 0
    learned: bool = False

    def revise(self, features: Features) -> Revision | None:
        """The revision that `features` call for; None when they are not newer than what was answered."""
        if self.as_of is not None and features.as_of <= self.as_of:
            return None
        self.as_of = features.as_of
        self.revisions += 1
        late = self.state in ("played", "abandoned")
        superseded = None if late or self.sealed is None else self.sealed.prediction_id
        return Revision(self.revisions, superseded, late)

    def hears(self, result: Result) -> Literal["counts", "duplicate", "stale"]:
        """Whether `result` is the one that counts from now on."""
        heard = (result.finished_at, result.status, result.home_goals, result.away_goals)
        if heard in self.heard:
            return "duplicate"
        self.heard.append(heard)
        rank = (result.finished_at, result.status == "corrected")
        if self.rank is not None and rank < self.rank:
            return "stale"
        self.rank = rank
        return "counts"

    def foretold(self, result: Result) -> Sealed | None:
        """The sealed revision, if it is about the two teams that played."""
        sealed = self.sealed
        if sealed is None or (sealed.match.home, sealed.match.away) != (result.home, result.away):
            return None
        return sealed
