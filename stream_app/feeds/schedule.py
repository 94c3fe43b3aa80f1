"""Matches as the stream of events that would have told of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from stream_app.contracts import event_time
from stream_app.events import Features, Result
from stream_app.feeds.datasets import Fixture, PlayedMatch

FEATURES_BEFORE_KICKOFF = timedelta(hours=1)
"""When line-ups are out and a forecast is still of use."""

RESULT_AFTER_KICKOFF = timedelta(minutes=105)
"""Two halves of 45 minutes and a break of 15."""

_FEATURES, _RESULT = 0, 1


def schedule(matches: Iterable[PlayedMatch | Fixture]) -> Iterator[Features | Result]:
    """The features of every match, and the result of every one that was played, in the order of `merge_key`.

    Features come an hour before kickoff and results 105 minutes after it, so matches with the same kickoff are all
    predicted before one of them is learned. Events of the same moment and kind keep the order of `matches`.
    """
    listed = list(matches)
    places = [
        (time, rank, place)
        for place, match in enumerate(listed)
        for time, rank in (
            (match.kickoff - FEATURES_BEFORE_KICKOFF, _FEATURES),
            (match.kickoff + RESULT_AFTER_KICKOFF, _RESULT),
        )
    ]
    places.sort()
    for _, rank, place in places:
        match = listed[place]
        if rank == _FEATURES:
            yield features_of(match)
        elif isinstance(match, PlayedMatch):
            yield _result(match)


def merge_key(event: Features | Result) -> tuple[datetime, int]:
    """What events are ordered by: their time, and at the same time features before results."""
    return event_time(event), _FEATURES if isinstance(event, Features) else _RESULT


def features_of(match: PlayedMatch | Fixture) -> Features:
    """What was known of `match` an hour before its kickoff."""
    return Features(
        match_id=match.match_id,
        competition=match.competition,
        season=match.season,
        kickoff=match.kickoff,
        as_of=match.kickoff - FEATURES_BEFORE_KICKOFF,
        home=match.home,
        away=match.away,
        neutral=match.neutral,
        importance=match.importance,
        features=match.features,
    )


def _result(match: PlayedMatch) -> Result:
    return Result(
        match_id=match.match_id,
        competition=match.competition,
        season=match.season,
        kickoff=match.kickoff,
        finished_at=match.kickoff + RESULT_AFTER_KICKOFF,
        home=match.home,
        away=match.away,
        status="final",
        home_goals=match.home_goals,
        away_goals=match.away_goals,
        neutral=match.neutral,
        importance=match.importance,
    )
