"""The life of a match, from its first features to the day on which it may be forgotten.

A match is **open** while it waits for its result. Features make a revision of its prediction; a later `as_of`
supersedes an earlier one. The revision that stands when the result comes is the sealed one, and it alone is scored.
From there

* `final` and `corrected` make the match **played**;
* `abandoned` ends it without a score: **abandoned**;
* `postponed` opens it again when it was played or abandoned;
* without a result it is **expired** when an event comes from more than a set number of days after its kickoff; a result
  or newer features still bring it back.

Features of a match that is played or abandoned are answered, but such a late answer is never scored.

A message that changes nothing does not make time pass either.

**Which result counts.** A message that was heard before (same moment, status and score) changes nothing, ever. Of
different ones, the one with the latest `finished_at` counts; at the same moment `corrected` outranks the others, and
among equals the one that came last counts. So a second `final` with another score is a correction too, and an original
that comes after its correction is stale.

**How much is remembered.** A match that is not open is forgotten when all its messages speak of times more than a set
number of days before the *confirmed* time. A match that is not known is refused when its kickoff lies that far back,
because it cannot be told from one that was forgotten. Hence a feed that is sent again from its beginning changes
nothing, and history has to be sent before the live matches of its competition. The confirmed time is the latest one
that two different matches have reached, so that one message with a mistyped year does not end a competition.

A match that was put off for longer than that may come back with a later kickoff, as a new one: its predictions have ids
of their own, since kickoffs are part of them.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
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


class Fixtures:
    """The matches that a league remembers, and what time does to them."""

    def __init__(self) -> None:
        self.known: dict[str, Fixture] = {}
        self.awaited = 0
        """Open matches that have a prediction."""
        self.latest: datetime | None = None
        self.latest_match = ""
        self.confirmed: datetime | None = None
        # Kickoffs of what is or was open, and last moments of what is or was not: each heap holds at least the current
        # one of each match that it concerns. What has changed since is sorted out when it comes up.
        self._kickoffs: list[tuple[datetime, str]] = []
        self._endings: list[tuple[datetime, str]] = []

    def find(self, match_id: str, kickoff: datetime, at: datetime, remember: timedelta) -> Fixture | None:
        """The match, a new one when it is not known; None when it is too old to be told from a forgotten one.

        `at` is the time of the event that speaks of it and `remember` the span over which matches are remembered.
        """
        fixture = self.known.get(match_id)
        # A match that is known now may have been forgotten before; what it was told then must not count again.
        since = self.confirmed if fixture is None else fixture.since
        if since is not None and since - kickoff > remember:
            return None
        if fixture is None:
            fixture = self.known[match_id] = Fixture(match_id, kickoff, since, kickoff)
            heapq.heappush(self._kickoffs, (kickoff, match_id))
        fixture.latest = max(fixture.latest, kickoff, at)
        return fixture

    def seal(self, fixture: Fixture, sealed: Sealed, x: Mapping[str, float]) -> None:
        """Put a new revision in the place of the one before. An expired match is open again."""
        self._move(fixture, "open", sealed)
        fixture.x = None if fixture.learned else x
        if fixture.kickoff != sealed.match.kickoff:
            fixture.kickoff = sealed.match.kickoff
            heapq.heappush(self._kickoffs, (fixture.kickoff, fixture.match_id))

    def reopen(self, fixture: Fixture) -> None:
        """Wait for another result."""
        fixture.goals = None
        self._move(fixture, "open", fixture.sealed)

    def close(self, fixture: Fixture, state: State) -> None:
        """Stop waiting for a result."""
        self._move(fixture, state, fixture.sealed)

    def pass_time(self, at: datetime, match_id: str) -> None:
        """Note that an event of time `at` spoke of `match_id`."""
        if self.latest is None or match_id == self.latest_match:
            self.latest = at if self.latest is None else max(self.latest, at)
            self.latest_match = match_id
        elif at > self.latest:
            self.confirmed, self.latest, self.latest_match = self.latest, at, match_id
        elif self.confirmed is None or at > self.confirmed:
            self.confirmed = at

    def overdue(self, at: datetime, after: timedelta) -> list[Fixture]:
        """Expire the open matches whose kickoff lies more than `after` before `at`; the earliest comes first."""
        expired = []
        while self._kickoffs and at - self._kickoffs[0][0] > after:
            _, match_id = heapq.heappop(self._kickoffs)
            fixture = self.known.get(match_id)
            if fixture is not None and fixture.state == "open" and at - fixture.kickoff > after:
                self.close(fixture, "expired")
                expired.append(fixture)
        # Entries of a kickoff that was moved can come up before others.
        return sorted(expired, key=lambda fixture: (fixture.kickoff, fixture.match_id))

    def waiting(self) -> Iterator[Sealed]:
        """The predictions that wait for their results, in the order in which their matches became known."""
        return (it.sealed for it in self.known.values() if it.state == "open" and it.sealed is not None)

    def forget(self, remember: timedelta) -> None:
        """Drop the matches that are not open and whose messages all lie more than `remember` back."""
        while self._endings and self.confirmed is not None and self.confirmed - self._endings[0][0] > remember:
            _, match_id = heapq.heappop(self._endings)
            fixture = self.known.get(match_id)
            if fixture is None or fixture.state == "open":
                continue
            if self.confirmed - fixture.latest > remember:
                del self.known[match_id]
            else:
                heapq.heappush(self._endings, (fixture.latest, match_id))

    def _move(self, fixture: Fixture, state: State, sealed: Sealed | None) -> None:
        self.awaited -= fixture.state == "open" and fixture.sealed is not None
        if state == "open" and fixture.state != "open":
            heapq.heappush(self._kickoffs, (fixture.kickoff, fixture.match_id))
        elif state != "open" and fixture.state == "open":
            heapq.heappush(self._endings, (fixture.latest, fixture.match_id))
        fixture.state, fixture.sealed = state, sealed
        self.awaited += state == "open" and sealed is not None
