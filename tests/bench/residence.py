"""A worker with a thousand competitions: how soon it is back, and what it takes of memory."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import islice
from statistics import median
from time import monotonic

from aiokafka import AIOKafkaConsumer, TopicPartition

from stream_app.contracts import encode
from stream_app.dev.process import Child
from stream_app.feeds.schedule import features_of
from stream_app.topics import FEATURES, PREDICTIONS
from tests.bench.ground import DRAIN_S, PARTITIONS, WORKER, Ground, grown_book, ready, stopped_at_the_end
from tests.bench.guarantee_deaths import fill
from tests.support import topics
from tests.support.matches import endless
from tests.support.waiting import until

COMPETITIONS, MATCHES = 1_000, 5_000
STARTS = 3


@dataclass(frozen=True, slots=True)
class Residence:
    """Kilobytes of a snapshot; seconds until a worker is ready; megabytes before and after every league was at work."""

    snapshot_kb: float
    ready_s: float
    idle_mb: float
    active_mb: float


async def of_worker(ground: Ground) -> Residence:
    """A worker that starts with the snapshots of so many competitions, and then gets a match of each."""
    size = await fill(ground, COMPETITIONS, grown_book(MATCHES))
    seconds: list[float] = []
    for number in range(STARTS):
        began = monotonic()
        child = ground.start(WORKER, "resident")
        with stopped_at_the_end([child]):
            await ready(child)
            seconds.append(monotonic() - began)
            idle_mb = resident_mb(child)
            if number == STARTS - 1:
                await _wake(ground, child)
                active_mb = resident_mb(child)
    return Residence(size / 1_000, median(seconds), idle_mb, active_mb)


async def _wake(ground: Ground, child: Child) -> None:
    """Let every league predict a match, one after those that it knows."""
    following = next(islice(endless("grown", teams=20), MATCHES, None))
    feed: list[topics.Message] = []
    for number in range(COMPETITIONS):
        name = f"league-{number:04}"
        match = replace(following, competition=name, match_id=f"{name}-{MATCHES:05}")
        feed.append((FEATURES, name.encode(), encode(features_of(match))))
    await topics.produce(ground.bootstrap, feed)
    consumer = AIOKafkaConsumer(bootstrap_servers=ground.bootstrap)
    await consumer.start()
    try:
        partitions = [TopicPartition(PREDICTIONS, number) for number in range(PARTITIONS)]

        async def answered() -> bool:
            child.require_running()
            ends: dict[TopicPartition, int] = await consumer.end_offsets(partitions)
            return sum(ends.values()) >= COMPETITIONS

        await until(answered, "every league has predicted a match", DRAIN_S)
    finally:
        await consumer.stop()


def resident_mb(child: Child) -> float:
    """Megabytes that `child` holds in memory."""
    with open(f"/proc/{child.process.pid}/status", encoding="ascii") as file:
        line = next(line for line in file if line.startswith("VmRSS:"))
    return int(line.split()[1]) / 1024
