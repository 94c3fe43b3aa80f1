"""What feeds send on a bad day: made-up matches with everything that can go wrong with them, and poison in between."""

from __future__ import annotations

import heapq
import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import count, islice

from stream_app.contracts import event_time
from stream_app.events import Features, Result
from stream_app.feeds.schedule import schedule
from tests.chaos.asking import Asking
from tests.chaos.poison import kinds_of_poison, poison
from tests.chaos.sent import FORGED, GOOD, Sent, message_of
from tests.support.matches import endless

DAY = 6
"""Messages that a quiet day of one competition has: features and results of three matches."""

POISON_SHARE = 0.02
"""Poison for each good message of a feed."""

COMMAND_SHARE = 0.01
"""Commands for each message of a feed."""

COMMAND_POISON_SHARE = 0.1
"""Poison for each command."""

DAYS_AHEAD = 36_500
"""What the service has to allow here: a long run plays more years than have passed since the first of its matches."""

_BLOCK = 30  # matches that are put in order of time together

Event = Features | Result


def traffic(
    competitions: Sequence[str], seed: int, partitions: int, *, command_share: float = COMMAND_SHARE
) -> Iterator[Sent]:
    """Messages of `competitions`, at random one after the other, without an end.

    `command_share` is the number of commands for each message of a feed.
    """
    rng = random.Random(f"traffic/{seed}")
    feeds = {name: _disordered(schedule_of(name, seed), random.Random(f"{name}/{seed}")) for name in competitions}
    desks = {name: Asking(name, seed) for name in competitions}
    begun: set[str] = set()
    while True:
        name = rng.choice(competitions)
        event = next(feeds[name])
        if name not in begun or rng.random() < command_share:
            begun.add(name)
            asked = desks[name].at(event_time(event))
            if rng.random() < COMMAND_POISON_SHARE:
                yield poison(asked.command, rng.choice(kinds_of_poison(asked.command)), partitions)
            yield message_of(asked.command, FORGED if asked.forged else GOOD)
        if rng.random() < POISON_SHARE:
            yield poison(event, rng.choice(kinds_of_poison(event)), partitions)
        yield message_of(event)


def schedule_of(competition: str, seed: int) -> Iterator[Event]:
    """Features and results of an endless competition, in the order in which they happened."""
    matches = endless(competition, seed=seed)
    while True:
        yield from schedule(islice(matches, _BLOCK))


def _disordered(events: Iterator[Event], rng: random.Random) -> Iterator[Event]:
    """`events` with duplicates, revisions, corrections and the like, some of them early, late or lost."""
    waiting: list[tuple[int, int, Event]] = []
    numbers = count()
    for place, event in enumerate(events):
        told = _features(event, rng) if isinstance(event, Features) else _result(event, rng)
        for delay, it in told:
            heapq.heappush(waiting, (place + delay, next(numbers), it))
            if rng.random() < 0.05:
                heapq.heappush(waiting, (place + delay + rng.randrange(4 * DAY), next(numbers), it))
        while waiting and waiting[0][0] <= place:
            yield heapq.heappop(waiting)[2]


def _features(event: Features, rng: random.Random) -> Iterator[tuple[int, Event]]:
    """What is sent instead of one message of features, each with its delay in places."""
    fate = rng.random()
    if fate < 0.01:  # never sent: the result will find no prediction
        return
    # The result comes within the same day, so a delay of more than that is too late to be scored.
    yield (rng.randrange(DAY, 4 * DAY) if fate < 0.04 else 0), event
    if rng.random() < 0.10:
        upstream = {"odds_home": 1.5 + rng.random(), "odds_draw": 3.4, "odds_away": 2.0 + rng.random(), "form": 0.25}
        yield rng.randrange(3), replace(event, as_of=event.as_of + timedelta(minutes=20), features=upstream)
    if rng.random() < 0.04:
        yield rng.randrange(1, 4), replace(event, as_of=event.as_of - timedelta(hours=1))


def _result(event: Result, rng: random.Random) -> Iterator[tuple[int, Event]]:
    """What is sent instead of one result, each with its delay in places."""
    fate = rng.random()
    if fate < 0.01:  # never sent: the prediction will expire
        return
    if fate < 0.02:
        yield 0, replace(event, status="abandoned", home_goals=None, away_goals=None)
        return
    if fate < 0.04:
        yield 0, replace(event, status="postponed", home_goals=None, away_goals=None)
        later = timedelta(days=5)
        yield 5 * DAY, replace(event, kickoff=event.kickoff + later, finished_at=event.finished_at + later)
        return
    delay = rng.randrange(1, 3 * DAY) if rng.random() < 0.05 else 0
    yield delay, event
    if fate < 0.08:
        away_goals = (event.away_goals or 0) + 2
        yield (
            delay + rng.randrange(2 * DAY),
            replace(
                event, status="corrected", away_goals=away_goals, finished_at=event.finished_at + timedelta(days=1)
            ),
        )
