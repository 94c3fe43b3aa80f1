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
from datetime import datetime, timedelta

from stream_app.league.fixture import Fixture, Sealed, State
from stream_app.league.settled import NOBODY, Settled, settled, unsettled


class Fixtures:
    """The matches that a league remembers, and what time does to them."""

    def __init__(self) -> None:
        self.known: dict[str, Fixture | Settled] = {}
        self.awaited = 0
        """Open matches that have a prediction."""
        self.latest: datetime | None = None
        self.latest_match = ""
        self.confirmed: datetime | None = None
        # Kickoffs of what is or was open, and last moments of what is or was not: each heap holds at least the current
        # one of each match that it concerns. What has changed since is sorted out when it comes up.
        self._kickoffs: list[tuple[datetime, str]] = []
        self._endings: list[tuple[datetime, str]] = []
        self._at_hand: list[Fixture] = []
        self._lineup = NOBODY

    def find(self, match_id: str, kickoff: datetime, at: datetime, remember: timedelta) -> Fixture | None:
        """The match, a new one when it is not known; None when it is too old to be told from a forgotten one.

        `at` is the time of the event that speaks of it and `remember` the span over which matches are remembered.
        """
        fixture = self.of(match_id)
        # A match that is known now may have been forgotten before; what it was told then must not count again.
        since = self.confirmed if fixture is None else fixture.since
        if since is not None and since - kickoff > remember:
            return None
        if fixture is None:
            fixture = Fixture(match_id, kickoff, since, kickoff)
            heapq.heappush(self._kickoffs, (kickoff, match_id))
        self._take(fixture)
        fixture.latest = max(fixture.latest, kickoff, at)
        return fixture

    def of(self, match_id: str) -> Fixture | None:
        """What is known of the match. Only what `find` gives may be changed."""
        fixture = self.known.get(match_id)
        return unsettled(match_id, fixture) if isinstance(fixture, tuple) else fixture

    def put_away(self) -> None:
        """Keep small what was found and waits for nothing. What was found before must not be changed any more."""
        for fixture in self._at_hand:
            # One that may still be learned from has a lot of numbers, and is rare.
            if fixture.state != "open" and fixture.x is None and self.known.get(fixture.match_id) is fixture:
                kept = self.known[fixture.match_id] = settled(fixture, self._lineup)
                self._lineup = kept[3]
        self._at_hand.clear()

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
            if isinstance(fixture, Fixture) and fixture.state == "open" and at - fixture.kickoff > after:
                self._take(fixture)
                self.close(fixture, "expired")
                expired.append(fixture)
        # Entries of a kickoff that was moved can come up before others.
        return sorted(expired, key=lambda fixture: (fixture.kickoff, fixture.match_id))

    def waiting(self) -> Iterator[Sealed]:
        """The predictions that wait for their results, in the order in which their matches became known."""
        fixtures = (it for it in self.known.values() if isinstance(it, Fixture))
        return (it.sealed for it in fixtures if it.state == "open" and it.sealed is not None)

    def forget(self, remember: timedelta) -> None:
        """Drop the matches that are not open and whose messages all lie more than `remember` back."""
        while self._endings and self.confirmed is not None and self.confirmed - self._endings[0][0] > remember:
            _, match_id = heapq.heappop(self._endings)
            fixture = self.of(match_id)
            if fixture is None or fixture.state == "open":
                continue
            if self.confirmed - fixture.latest > remember:
                del self.known[match_id]
            else:
                heapq.heappush(self._endings, (fixture.latest, match_id))

    def _take(self, fixture: Fixture) -> None:
        self.known[fixture.match_id] = fixture
        self._at_hand.append(fixture)

    def _move(self, fixture: Fixture, state: State, sealed: Sealed | None) -> None:
        self.awaited -= fixture.state == "open" and fixture.sealed is not None
        if state == "open" and fixture.state != "open":
            heapq.heappush(self._kickoffs, (fixture.kickoff, fixture.match_id))
        elif state != "open" and fixture.state == "open":
            heapq.heappush(self._endings, (fixture.latest, fixture.match_id))
        fixture.state, fixture.sealed = state, sealed
        self.awaited += state == "open" and sealed is not None
