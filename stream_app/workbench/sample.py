"""Five numbers that a person can read, computed for past matches from nothing but the results before them."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from typing import TextIO

import orjson

from stream_app.errors import InvalidInput
from stream_app.events import Features, Outcome, Result, outcome_of
from stream_app.feeds.datasets import PlayedMatch
from stream_app.feeds.schedule import schedule
from stream_app.models.feature_models import DEFAULT_FEATURES
from stream_app.ratings import Match
from stream_app.ratings.calendar import Calendar
from stream_app.ratings.elo import SCALE, Elo

SAMPLE_FEATURES = DEFAULT_FEATURES
"""The five, in their order:

`home_form`, `away_form`
    Points of the team's last five matches in the competition, three for a win, as a share of all that could be won;
    from 0 (lost all) to 10 (won all).
`home_strength`, `away_strength`
    What the team would be expected to score against an average one on neutral ground, by its Elo rating; from 0 to 10,
    and 5 is average.
`head_to_head`
    The home team's share of the last five meetings of the two, a draw counting half; from 0 to 1, and 0.5 is even.
"""

IDENTITY = ("match_id", "competition", "season", "kickoff", "home", "away")
OUTCOME = "outcome"

LAST_MATCHES = 5
WIN, DRAW = 3, 1
TENTHS = 10.0
DIGITS = 2

FILE = "sample_matches.csv"


@dataclass(frozen=True, slots=True)
class SampleRow:
    """A past match, its five numbers as they stood before it, in the order of `SAMPLE_FEATURES`, and its outcome."""

    match: Match
    match_id: str
    competition: str
    values: tuple[float, ...]
    outcome: Outcome


class Form:
    """What the results of one competition so far say of two teams, in the five numbers."""

    def __init__(self) -> None:
        self.calendar = Calendar("league")
        self.elo = Elo("league")
        self.points: dict[str, deque[int]] = {}
        self.meetings: dict[tuple[str, str], deque[float]] = {}

    def numbers(self, home: str, away: str) -> tuple[float, ...] | None:
        """The five numbers of a match; None while one of the teams has played fewer than five matches."""
        forms = [self.points.get(team, ()) for team in (home, away)]
        meetings = self.meetings.get((home, away))
        if meetings is None or any(len(form) < LAST_MATCHES for form in forms):
            return None
        shares = [TENTHS * sum(form) / (WIN * LAST_MATCHES) for form in forms]
        expected = [TENTHS / (1.0 + 10.0 ** (-self.elo.teams[team] / SCALE)) for team in (home, away)]
        values = (*shares, *expected, sum(meetings) / len(meetings))
        return tuple(round(value, DIGITS) for value in values)

    def learn(self, match: Match, home_goals: int, away_goals: int) -> None:
        """Learn how a match ended."""
        self.elo.learn(match, self.calendar.moment(match), home_goals, away_goals)
        for gone in self.calendar.advance(match):
            self.elo.forget(gone)
            self.points.pop(gone, None)
        outcome = outcome_of(home_goals, away_goals)
        won = {"H": 1.0, "D": 0.5, "A": 0.0}[outcome]
        for team, other, share in ((match.home, match.away, won), (match.away, match.home, 1.0 - won)):
            points = WIN if share == 1.0 else DRAW if share == 0.5 else 0
            self.points.setdefault(team, deque(maxlen=LAST_MATCHES)).append(points)
            self.meetings.setdefault((team, other), deque(maxlen=LAST_MATCHES)).append(share)


def rows(matches: Iterable[PlayedMatch]) -> Iterator[SampleRow]:
    """The matches whose teams have both played five matches and have met, in order of kickoff.

    A match is described by what was known an hour before its kickoff, so matches that are played at the same time know
    nothing of each other.
    """
    forms: dict[str, Form] = {}
    waiting: dict[str, tuple[float, ...] | None] = {}
    for event in schedule(matches):
        form = forms.setdefault(event.competition, Form())
        if isinstance(event, Features):
            waiting[event.match_id] = form.numbers(event.home, event.away)
            continue
        values = waiting.pop(event.match_id)
        home_goals, away_goals = _goals(event)
        match = Match(event.season, event.kickoff, event.home, event.away, event.neutral)
        if values is not None:
            yield SampleRow(match, event.match_id, event.competition, values, outcome_of(home_goals, away_goals))
        form.learn(match, home_goals, away_goals)


def spread(found: Sequence[SampleRow], count: int) -> list[SampleRow]:
    """`count` of the rows, evenly spread over all of them, the last one among them.

    Raises InvalidInput when there are not so many.
    """
    if not 0 < count <= len(found):
        raise InvalidInput(f"--rows {count}: wanted 1 to {len(found)}, as many as there are matches")
    return [found[(place + 1) * len(found) // count - 1] for place in range(count)]


def write(found: Iterable[SampleRow], file: TextIO) -> None:
    """Write rows as a CSV file that `stream-app train` takes."""
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow((*IDENTITY, *SAMPLE_FEATURES, OUTCOME))
    writer.writerows((*_identity(row), *row.values, row.outcome) for row in found)


def write_json(found: Iterable[SampleRow], file: TextIO) -> None:
    """Write rows as JSON Lines that `stream-app train` takes."""
    for row in found:
        numbers = zip(SAMPLE_FEATURES, row.values, strict=True)
        fields = dict(zip(IDENTITY, _identity(row), strict=True)) | dict(numbers) | {OUTCOME: row.outcome}
        file.write(orjson.dumps(fields).decode() + "\n")


def _identity(row: SampleRow) -> tuple[str, ...]:
    match = row.match
    kickoff = match.kickoff.isoformat().replace("+00:00", "Z")
    return row.match_id, row.competition, match.season, kickoff, match.home, match.away


def shipped() -> Traversable:
    """The sample that comes with the program, in `stream_app/_data` when installed, else in the checkout's `data`."""
    package = resources.files("stream_app")
    packaged = package / "_data"
    return (packaged if packaged.is_dir() else package.joinpath("..", "data")) / FILE


def _goals(result: Result) -> tuple[int, int]:
    if result.home_goals is None or result.away_goals is None:
        raise InvalidInput(f"match {result.match_id!r}: has no goals; wanted a match that was played")
    return result.home_goals, result.away_goals
