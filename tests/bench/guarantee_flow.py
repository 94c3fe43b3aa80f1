"""What the guarantee costs while nothing dies: events a second, and milliseconds until an answer is there."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from time import monotonic, perf_counter

import orjson
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from stream_app.contracts import encode
from stream_app.events import Features, Result
from stream_app.topics import EVALUATIONS, FEATURES, PREDICTIONS, RESULTS
from tests.bench.ground import (
    CORES,
    DRAIN_S,
    PARTITIONS,
    WORKER,
    Ground,
    keep_on,
    others_on,
    ready,
    replay,
    stopped_at_the_end,
)
from tests.support import topics
from tests.support.waiting import until

COMPETITIONS = 40
MATCHES = 250
WARM_UP_S = 5.0
OVER_AFTER_S = 4.0
"""Seconds from the features of a match to its result, in a match that is over fast enough to be measured."""


async def throughput(ground: Ground, command: Sequence[str]) -> float:
    """Events a second with which `command` works off a backlog, from its first output to its last one."""
    feed = replay(COMPETITIONS, MATCHES)
    await topics.produce(ground.bootstrap, feed)
    outputs = 2 * len(feed)
    consumer = AIOKafkaConsumer(bootstrap_servers=ground.bootstrap)
    await consumer.start()
    program = ground.start([sys.executable, "-m", "tests.bench.simulated", *command], command[0])
    try:
        with stopped_at_the_end([program]):
            partitions = [TopicPartition(name, n) for name in (PREDICTIONS, EVALUATIONS) for n in range(PARTITIONS)]

            async def published() -> int:
                program.require_running()
                return sum((await consumer.end_offsets(partitions)).values())

            async def begun() -> bool:
                return await published() > 0

            async def done() -> bool:
                return await published() >= outputs

            await until(begun, "the first output is there", DRAIN_S)
            before, began = await published(), monotonic()
            await until(done, "the last output is there", DRAIN_S)
            return (outputs - before) / 2 / (monotonic() - began)
    finally:
        await consumer.stop()


async def latencies(ground: Ground, rate: float, seconds: float) -> list[float]:
    """Milliseconds from sending features until a reader has the prediction, at `rate` events a second, sorted.

    The worker has a core to itself, the broker and this process share the other one.
    """
    sent_at: dict[str, float] = {}
    measured: list[float] = []
    worker = ground.start(WORKER, "worker")
    with stopped_at_the_end([worker]):
        await ready(worker)
        keep_on(CORES[:1], worker)
        with others_on(CORES[1:], ground):
            async with _reader(ground.bootstrap, sent_at, measured):
                await _live_feed(ground.bootstrap, rate, WARM_UP_S, {})
                await _live_feed(ground.bootstrap, rate, seconds, sent_at)
                await until(lambda: not sent_at, "every match has a prediction", DRAIN_S)
                worker.require_running()
    return sorted(measured)


@asynccontextmanager
async def _reader(bootstrap: str, sent_at: dict[str, float], measured: list[float]) -> AsyncIterator[None]:
    consumer = AIOKafkaConsumer(PREDICTIONS, bootstrap_servers=bootstrap)
    await consumer.start()

    async def read() -> None:
        async for record in consumer:
            now = perf_counter()
            if (sent := sent_at.pop(orjson.loads(record.value)["match_id"], None)) is not None:
                measured.append((now - sent) * 1_000)

    reading = asyncio.create_task(read())
    try:
        yield
    finally:
        reading.cancel()
        await consumer.stop()


_numbers = count()


async def _live_feed(bootstrap: str, rate: float, seconds: float, sent_at: dict[str, float]) -> None:
    """Features and results, half of each, of matches that are played right now."""
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all")
    await producer.start()
    playing: list[tuple[float, Features]] = []
    try:
        begun = monotonic()
        for place in range(int(rate * seconds)):
            await asyncio.sleep(max(begun + place / rate - monotonic(), 0.0))
            if place % 2 and playing and playing[0][0] < monotonic():
                _, features = playing.pop(0)
                await producer.send(RESULTS, encode(_result(features)), key=features.competition.encode())
                continue
            features = _features(next(_numbers))
            playing.append((monotonic() + OVER_AFTER_S, features))
            sent_at[features.match_id] = perf_counter()
            await producer.send(FEATURES, encode(features), key=features.competition.encode())
        await producer.flush()
    finally:
        await producer.stop()


def _features(number: int) -> Features:
    now = datetime.now(UTC)
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


def _result(features: Features) -> Result:
    return Result(
        match_id=features.match_id,
        competition=features.competition,
        season=features.season,
        kickoff=features.kickoff,
        finished_at=datetime.now(UTC),
        home=features.home,
        away=features.away,
        status="final",
        home_goals=len(features.match_id) % 3,
        away_goals=1,
    )
