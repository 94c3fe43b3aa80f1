"""What feeds send on a bad day: made-up matches with everything that can go wrong with them, and poison in between."""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import count, islice

from stream_app.contracts import encode
from stream_app.events import Features, Result
from stream_app.feeds.schedule import schedule
from stream_app.partitioning import partition_of
from stream_app.topics import FEATURES, RESULTS
from tests.support.matches import endless

GOOD = "good"
"""What `Sent.made` says of a message that has to be admitted."""

DAY = 6
"""Messages that a quiet day of one competition has: features and results of three matches."""

POISON_SHARE = 0.02
DAYS_AHEAD = 36_500
"""What the service has to allow here: a long run plays more years than have passed since the first of its matches."""
TOO_LARGE = 300_000
"""Bytes of a message that is over the limit of the service and below that of the topic."""

_BLOCK = 30  # matches that are put in order of time together


@dataclass(frozen=True, slots=True)
class Sent:
    """A message as it goes to Kafka.

    `made` says what it was made as: `GOOD`, or a kind of poison. `partition` is None where the key decides.
    """

    topic: str
    key: bytes | None
    value: bytes | None
    made: str = GOOD
    partition: int | None = None


Event = Features | Result


def traffic(competitions: Sequence[str], seed: int, partitions: int) -> Iterator[Sent]:
    """Messages of `competitions`, at random one after the other, without an end."""
    rng = random.Random(f"traffic/{seed}")
    feeds = [_disordered(schedule_of(name, seed), random.Random(f"{name}/{seed}")) for name in competitions]
    while True:
        event = next(rng.choice(feeds))
        if rng.random() < POISON_SHARE:
            yield poison(event, rng.choice(KINDS_OF_POISON), partitions)
        yield good(event)


def good(event: Event) -> Sent:
    """`event` as a message that has to be admitted."""
    topic = FEATURES if isinstance(event, Features) else RESULTS
    return Sent(topic, event.competition.encode(), encode(event))


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


# Poison: each kind makes of a good message one that has to be refused.


def poison(event: Event, kind: str, partitions: int) -> Sent:
    """`event` as a message that has to end in the dead letters, spoiled in the way that `kind` names."""
    fine = good(event)
    value, key = fine.value or b"", fine.key or b""
    home = partition_of(key, partitions)
    if kind == "in another partition":
        return replace(fine, made=kind, partition=(home + 1) % partitions)
    if kind == "key of another competition":
        return replace(fine, made=kind, key=b"another " + key)
    if kind == "no key":
        return replace(fine, made=kind, key=None, partition=home)
    if kind == "no value":
        return replace(fine, made=kind, value=None)
    return replace(fine, made=kind, value=_SPOILERS[kind](value))


def _field(spoiled: bytes) -> Callable[[bytes], bytes]:
    """A spoiler that puts `spoiled` in front of the other fields."""
    return lambda value: b"{" + spoiled + b"," + value[1:]


def _from_the_future(value: bytes) -> bytes:
    return value.replace(b'"finished_at":"2', b'"finished_at":"9').replace(b'"as_of":"2', b'"as_of":"9')


def _too_large(value: bytes) -> bytes:
    return b"{" + b" " * TOO_LARGE + value[1:]


_SPOILERS: dict[str, Callable[[bytes], bytes]] = {
    "not JSON": lambda value: b"match: " + value,
    "cut off": lambda value: value[: len(value) // 2],
    "empty": lambda _: b"",
    "an array": lambda value: b"[" + value + b"]",
    "no UTF-8": lambda value: value.replace(b'"home":"', b'"home":"\xff\xfe'),
    "not a number": lambda value: value.replace(b'"season":', b'"home_goals":NaN,"season":', 1),
    "unknown field": _field(b'"referee":"nobody"'),
    "wrong type": lambda value: value.replace(b'"neutral":false', b'"neutral":"no"'),
    "missing field": lambda value: value.replace(b'"home":', b'"host":'),
    "control character": lambda value: value.replace(b'"home":"', b'"home":"\\u0007'),
    "one team against itself": lambda value: value.replace(_side(value, b"away"), _side(value, b"home")),
    "from the future": _from_the_future,
    "no such day": lambda value: value.replace(b'"kickoff":"20', b'"kickoff":"2021-02-30T15:00:00Z","season":"20', 1),
    "time without a zone": lambda value: value.replace(b'Z"', b'"', 1),
    "deeply nested": _field(b'"venue":' + b"[" * 500 + b"]" * 500),
    "too large": _too_large,
}


def _side(value: bytes, name: bytes) -> bytes:
    """The bytes of a team's name in `value`, with their quotation marks."""
    start = value.index(b'"' + name + b'":') + len(name) + 3
    return value[start : value.index(b'"', start + 1) + 1]


KINDS_OF_POISON: tuple[str, ...] = (
    *_SPOILERS,
    "in another partition",
    "key of another competition",
    "no key",
    "no value",
)
"""Every kind of poison."""
