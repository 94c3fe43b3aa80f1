"""Small made-up competitions for the tests: enough matches to see what a worker does with them."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count, islice, permutations

from stream_app.contracts import encode
from stream_app.events import Features
from stream_app.feeds.datasets import PlayedMatch
from stream_app.feeds.schedule import schedule
from stream_app.topics import FEATURES, RESULTS
from tests.support.topics import Message

START = datetime(2020, 8, 1, 15, 0, tzinfo=UTC)


def played(competition: str, matches: int, teams: int = 6, seed: int = 1) -> list[PlayedMatch]:
    """`matches` matches of a competition, a few with the same kickoff each day, the first teams stronger."""
    return list(islice(endless(competition, teams, seed), matches))


def endless(competition: str, teams: int = 6, seed: int = 1) -> Iterator[PlayedMatch]:
    """The same, without an end."""
    rng = random.Random(f"{competition}/{seed}")
    pairs = list(permutations(range(teams), 2))
    for number in count():
        home, away = pairs[(number * 7) % len(pairs)]
        goals = [min(int(rng.expovariate(0.5 + 0.1 * team)), 9) for team in (home, away)]
        yield PlayedMatch(
            match_id=f"{competition}-{number:05}",
            competition=competition,
            season=str(2020 + number // 200),
            kickoff=START + timedelta(days=number // 3),
            home=f"Team {home}",
            away=f"Team {away}",
            home_goals=goals[0],
            away_goals=goals[1],
        )


def messages(matches: list[PlayedMatch]) -> list[Message]:
    """The messages of a feed that replays `matches` in the order in which they happened."""
    return [
        (FEATURES if isinstance(event, Features) else RESULTS, event.competition.encode(), encode(event))
        for event in schedule(matches)
    ]
