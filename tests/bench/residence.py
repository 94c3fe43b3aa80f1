"""A worker with a thousand competitions: how soon it is back, and what it takes of memory."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import islice
from statistics import median
from time import monotonic, process_time

from aiokafka import AIOKafkaConsumer, TopicPartition

from stream_app.contracts import encode
from stream_app.dev.process import Child
from stream_app.durability.book import Book
from stream_app.durability.snapshot import SnapshotInfo, freeze, thaw
from stream_app.feeds.schedule import features_of
from stream_app.settings import load
from stream_app.topics import FEATURES, PREDICTIONS
from tests.bench.ground import DRAIN_S, PARTITIONS, WORKER, Ground, grown_book, ready, stopped_at_the_end
from tests.bench.guarantee_deaths import fill
from tests.support import topics
from tests.support.matches import endless
from tests.support.waiting import until

COMPETITIONS, MATCHES = 1_000, 5_000
STARTS, SNAPSHOTS = 3, 20


@dataclass(frozen=True, slots=True)
class Residence:
    """What a league and a thousand of them take.

    Kilobytes of a snapshot, and the processor's milliseconds to write and to read it; seconds until a worker is ready;
    megabytes of a worker without any league, with all of them on record, and when every one was at work.
    """

    snapshot_kb: float
    freeze_ms: float
    thaw_ms: float
    ready_s: float
    base_mb: float
    idle_mb: float
    active_mb: float


async def of_worker(ground: Ground, base_mb: float) -> Residence:
    """A worker that starts with the snapshots of so many competitions, and then gets a match of each."""
    book = grown_book(MATCHES)
    freeze_ms, thaw_ms = _costs(book)
    size = await fill(ground, COMPETITIONS, book)
    seconds: list[float] = []
    for number in range(STARTS):
        began = monotonic()
        child = ground.start(WORKER, "resident", worker_id="one")
        with stopped_at_the_end([child]):
            await ready(child)
            seconds.append(monotonic() - began)
            idle_mb = resident_mb(child)
            if number == STARTS - 1:
                await _wake(ground, child)
                active_mb = resident_mb(child)
    return Residence(size / 1_000, freeze_ms, thaw_ms, median(seconds), base_mb, idle_mb, active_mb)


async def of_nothing(ground: Ground) -> float:
    """Megabytes of a worker without any league. It leaves a group behind that nobody else can commit for at once."""
    child = ground.start(WORKER, "resident")
    with stopped_at_the_end([child]):
        await ready(child)
        return resident_mb(child)


def _costs(book: Book) -> tuple[float, float]:
    """Milliseconds of the processor to write a snapshot of `book`, and to read it."""
    key, info = load().snapshot_key.get_secret_value().encode(), SnapshotInfo("grown", book.position)
    began = process_time()
    blobs = [freeze(book, info, key) for _ in range(SNAPSHOTS)]
    between = process_time()
    for blob in blobs:
        thaw(blob, key)
    return (between - began) / SNAPSHOTS * 1e3, (process_time() - between) / SNAPSHOTS * 1e3


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
