"""What the guarantee costs while nothing dies: events a second, and milliseconds until an answer is there."""

from __future__ import annotations

import asyncio
import sys
from collections import deque
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from statistics import median
from time import monotonic, perf_counter

import orjson
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from stream_app.contracts import encode
from stream_app.events import Features, Result
from stream_app.topics import FEATURES, PREDICTIONS, RESULTS
from tests.bench.backlog import worked_off
from tests.bench.ground import (
    CORES,
    DRAIN_S,
    WORKER,
    Ground,
    SteadyKafka,
    ground,
    keep_on,
    others_on,
    ready,
    replay,
    stopped_at_the_end,
)
from tests.support.waiting import until

COMPETITIONS = 40
MATCHES = 250
WARM_UP_S = 30.0
STRETCHES, STRETCH_S = 5, 20.0
"""A shared machine stands still now and then. What happens in one stretch of several does not decide."""

WRITING_S = 5.0
"""Seconds in which the messages of a measurement are written before it begins."""

OVER_AFTER_S = 4.0
"""Seconds from the features of a match to its result, in a match that is over fast enough to be measured."""


async def throughput(place: Ground, command: Sequence[str]) -> float:
    """Events a second with which `command` works off a backlog."""
    program = place.start([sys.executable, "-m", "tests.bench.simulated", *command], command[0])
    with stopped_at_the_end([program]):
        feed = replay(COMPETITIONS, MATCHES)
        return (await worked_off(place, [program], feed, warm=2 * COMPETITIONS, said=2)).messages_per_s


@dataclass(frozen=True, slots=True)
class Percentile:
    """A percentile of each stretch, in milliseconds."""

    stretches: list[float]

    @property
    def median(self) -> float:
        """The figure that counts."""
        return median(self.stretches)

    def __str__(self) -> str:
        return f"{min(self.stretches):.1f} to {max(self.stretches):.1f} in {len(self.stretches)} x {STRETCH_S:.0f} s"


def latency(rate: float) -> tuple[Percentile, Percentile]:
    """The 50th and the 99th percentile of the time from sending features until a reader has the prediction.

    `rate` is in events a second.
    """
    with ground(SteadyKafka) as place:
        stretches = asyncio.run(_latencies(place, rate))
    p50, p99 = ([times[len(times) * percent // 100] for times in stretches] for percent in (50, 99))
    return Percentile(p50), Percentile(p99)


async def _latencies(place: Ground, rate: float) -> list[list[float]]:
    """Milliseconds of each stretch, sorted.

    The worker has a core to itself, the broker and this process share the other one. So this process does as little as
    can be while it measures: messages are written before, and predictions are looked into afterwards.
    """
    stretches: list[list[float]] = []
    came: list[tuple[float, bytes]] = []
    playing: deque[Features] = deque()
    worker = place.start(WORKER, "worker")
    with stopped_at_the_end([worker]):
        await ready(worker)
        keep_on(CORES[:1], worker)
        with others_on(CORES[1:], place):
            async with _reader(place.bootstrap, came):
                for seconds in [WARM_UP_S, *[STRETCH_S] * STRETCHES]:
                    came.clear()
                    sent_at = await _live_feed(place.bootstrap, rate, seconds, playing)
                    await until(partial(_all_came, came, sent_at), "every match has a prediction", DRAIN_S)
                    worker.require_running()
                    times = ((at - sent_at[orjson.loads(value)["match_id"]]) * 1_000 for at, value in came)
                    stretches.append(sorted(times))
    return stretches[1:]


def _all_came(came: list[tuple[float, bytes]], sent_at: dict[str, float]) -> bool:
    return len(came) >= len(sent_at)


@asynccontextmanager
async def _reader(bootstrap: str, came: list[tuple[float, bytes]]) -> AsyncIterator[None]:
    """Note when predictions come."""
    consumer = AIOKafkaConsumer(PREDICTIONS, bootstrap_servers=bootstrap)
    await consumer.start()

    async def read() -> None:
        async for record in consumer:
            came.append((perf_counter(), record.value))

    reading = asyncio.create_task(read())
    try:
        yield
    finally:
        reading.cancel()
        await consumer.stop()


_numbers = count()


async def _live_feed(bootstrap: str, rate: float, seconds: float, playing: deque[Features]) -> dict[str, float]:
    """Send features and results, half of each, of matches that are played right now; when each match's features went.

    Results are of matches whose features have been sent `OVER_AFTER_S` before; `playing` are those without one.
    """
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all")
    await producer.start()
    sent_at: dict[str, float] = {}
    begin = datetime.now(UTC) + timedelta(seconds=WRITING_S)
    feed = list(_events(begin, rate, seconds, playing))
    try:
        begun = monotonic() + (begin - datetime.now(UTC)).total_seconds()
        if begun < monotonic():
            raise TimeoutError(f"{WRITING_S} s were not enough to write {len(feed)} messages")
        for place, (topic, match_id, key, value) in enumerate(feed):
            await asyncio.sleep(max(begun + place / rate - monotonic(), 0.0))
            if topic == FEATURES:
                sent_at[match_id] = perf_counter()
            await producer.send(topic, value, key=key)
        await producer.flush()
    finally:
        await producer.stop()
    return sent_at


def _events(
    begin: datetime, rate: float, seconds: float, playing: deque[Features]
) -> Iterator[tuple[str, str, bytes, bytes]]:
    """Topic, match, key and value of each message, one every `1 / rate` seconds from `begin` on."""
    over_after = timedelta(seconds=OVER_AFTER_S)
    for place in range(int(rate * seconds)):
        now = begin + timedelta(seconds=place / rate)
        event: Features | Result
        if place % 2 and playing and playing[0].as_of + over_after < now:
            event = _result(playing.popleft(), now)
        else:
            event = _features(next(_numbers), now)
            playing.append(event)
        topic = FEATURES if isinstance(event, Features) else RESULTS
        yield topic, event.match_id, event.competition.encode(), encode(event)


def _features(number: int, now: datetime) -> Features:
    return Features(
        match_id=f"live-{number:06}",
        competition=f"league-{number % COMPETITIONS:04}",
        season="live",
        kickoff=now + timedelta(seconds=OVER_AFTER_S / 2),
        as_of=now,
        home=f"Team {number % 7}",
        away=f"Team {7 + number % 5}",
        neutral=False,
        importance="competitive",
        features={},
    )


def _result(features: Features, now: datetime) -> Result:
    return Result(
        match_id=features.match_id,
        competition=features.competition,
        season=features.season,
        kickoff=features.kickoff,
        finished_at=now,
        home=features.home,
        away=features.away,
        status="final",
        home_goals=len(features.match_id) % 3,
        away_goals=1,
    )
