"""A broker of a measurement's own, workers on it, and what they are fed with."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from itertools import count
from math import ceil
from pathlib import Path
from time import monotonic

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from stream_app.contracts import KIND_OF_TOPIC, encode
from stream_app.dev.kafka import Kafka
from stream_app.dev.process import Child, spawn
from stream_app.durability.book import Book
from stream_app.durability.log import NO_SOURCE, Entry
from stream_app.durability.snapshot import SnapshotInfo, freeze
from stream_app.events import Configure
from stream_app.partitioning import partition_of
from stream_app.settings import load
from stream_app.topics import INPUTS, LOG
from tests.chaos.watch import Group
from tests.support import programs, topics
from tests.support.matches import messages, played
from tests.support.service import owned_partitions
from tests.support.waiting import until

WORKER = [sys.executable, "-m", "stream_app", "worker"]
CORES = (0, 1)
"""Those of the machine that this measures on."""

PARTITIONS = 4
GROUP = "bench"
START_S = 120.0
"""Longest time for a worker to be ready, on a machine that has other things to do as well."""

DRAIN_S = 600.0
"""Longest time for a worker to read everything that there is."""

SNAPSHOT_BYTES = 70_000
"""Size of a snapshot of the default models after some hundred matches."""

Placed = tuple[str, int | None, bytes | None, bytes | None, list[tuple[str, bytes]]]
"""Topic, partition (None: that of the key), key, value and headers of a record."""


@dataclass(frozen=True, slots=True)
class Ground:
    """An empty service: a broker with all topics, its process, and a folder for what processes leave behind."""

    bootstrap: str
    folder: Path
    broker: Child

    def start(self, command: Sequence[str], name: str, **settings: object) -> Child:
        """Start `command` with the settings of this service and `settings`."""
        env = programs.environment(
            kafka=self.bootstrap, app_id=GROUP, partitions=PARTITIONS, data_dir=self.folder / "data", **settings
        )
        log = self.folder / f"{name}-{len(list(self.folder.glob(f'{name}-*')))}.log"
        return spawn(name, command, log=log, cwd=self.folder, env=env)


class SteadyKafka(Kafka):
    """A broker that is meant to stay up: all tiers of Java's compiler, as brokers are run, and not the quickest start.

    What it does often takes it two thirds of the time then, once it has been at it for half a minute.
    """

    java_options = ("-XX:TieredStopAtLevel=4",)


@contextmanager
def ground(kafka: type[Kafka] = Kafka) -> Iterator[Ground]:
    """A service of one's own, gone at the end."""
    with tempfile.TemporaryDirectory(prefix="stream-app-bench-") as name:
        broker = kafka(Path(name) / "kafka")
        broker.start()
        try:
            asyncio.run(topics.create_all(broker.bootstrap, PARTITIONS))
            assert broker.child is not None
            yield Ground(broker.bootstrap, Path(name), broker.child)
        finally:
            broker.stop()


@contextmanager
def stopped_at_the_end(children: list[Child]) -> Iterator[None]:
    """Kill whatever of `children` still runs at the end."""
    try:
        yield
    finally:
        for child in children:
            kill(child)


def kill(child: Child) -> None:
    """SIGKILL, and wait until it is gone."""
    child.process.kill()
    child.process.wait()


async def ready(child: Child, partitions: int = PARTITIONS) -> None:
    """Wait until `child` says that it has so many partitions."""

    def has_them() -> bool:
        child.require_running()
        return len(owned_partitions(child)) == partitions

    await until(has_them, f"{child.name} has {partitions} partitions", START_S)


def keep_on(cores: Sequence[int], program: Child) -> None:
    """All threads that `program` has by now, and those that they will make, on `cores`."""
    for task in Path(f"/proc/{program.process.pid}/task").iterdir():
        os.sched_setaffinity(int(task.name), cores)


@contextmanager
def others_on(cores: Sequence[int], ground: Ground) -> Iterator[None]:
    """The broker and this process, which waits for the messages, on `cores`."""
    keep_on(cores, ground.broker)
    with on_cores(cores):
        yield


@contextmanager
def on_cores(cores: Sequence[int]) -> Iterator[None]:
    """This process, and what it starts, on `cores`."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def spread(competitions: int) -> list[str]:
    """Names of so many competitions, as many in each partition: workers are compared, and not the luck of names."""
    room = dict.fromkeys(range(PARTITIONS), ceil(competitions / PARTITIONS))
    names: list[str] = []
    numbers = count()
    while len(names) < competitions:
        name = f"league-{next(numbers):04}"
        partition = partition_of(name.encode(), PARTITIONS)
        if room[partition]:
            room[partition] -= 1
            names.append(name)
    return names


def replay(competitions: int, matches: int) -> list[topics.Message]:
    """Features and results of so many matches in each of so many competitions, in turns."""
    feeds = [messages(played(name, matches)) for name in spread(competitions)]
    return [message for together in zip(*feeds, strict=True) for message in together]


@asynccontextmanager
async def traffic(bootstrap: str, feed: Iterable[topics.Message], rate: float) -> AsyncIterator[None]:
    """`feed` at `rate` messages a second, in the background."""
    task = asyncio.create_task(_send(bootstrap, feed, rate))
    try:
        yield
    finally:
        task.cancel()


async def _send(bootstrap: str, feed: Iterable[topics.Message], rate: float) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all")
    await producer.start()
    try:
        begun = monotonic()
        for number, (topic, key, value) in enumerate(feed):
            await asyncio.sleep(max(begun + number / rate - monotonic(), 0.0))
            await producer.send(topic, value, key=key)
        raise RuntimeError("the feed is over before the measurement is")
    finally:
        await producer.stop()


async def produce_in(bootstrap: str, placed: Iterable[Placed]) -> None:
    """Send records, and wait until the broker has them all."""
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all")
    await producer.start()
    try:
        sent = [
            await producer.send(topic, value, key=key, partition=partition, headers=headers)
            for topic, partition, key, value, headers in placed
        ]
        for confirmation in sent:
            await confirmation
    finally:
        await producer.stop()


async def commit(bootstrap: str, places: Mapping[TopicPartition, int]) -> None:
    """Commit `places` for the workers' group, which must have no member."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, group_id=GROUP, enable_auto_commit=False)
    await consumer.start()
    try:
        consumer.assign(list(places))
        await consumer.commit(dict(places))
    finally:
        await consumer.stop()


async def all_read(bootstrap: str) -> None:
    """Wait until the group has read all inputs and all of the log, and has it on record."""
    async with Group(bootstrap, GROUP, PARTITIONS) as group:

        async def nothing_left() -> bool:
            return await group.behind((*INPUTS, LOG)) == 0

        await until(nothing_left, "everything is read", DRAIN_S)


def large_book(least_bytes: int) -> Book:
    """A book of the default models whose snapshot has at least so many bytes."""
    key, book = load().snapshot_key.get_secret_value().encode(), configured_book("large")
    for offset in _grow(book, 3_000):
        if offset % 100 == 0 and len(freeze(book, SnapshotInfo("large", offset), key)) >= least_bytes:
            return book
    raise SystemExit(f"no snapshot has {least_bytes} bytes")


def grown_book(matches: int) -> Book:
    """A book of the default models after so many matches."""
    book = configured_book("grown")
    for _ in _grow(book, matches):
        pass
    return book


def configured_book(name: str) -> Book:
    """A new book of the default models."""
    book = Book(name)
    book.apply(0, Entry("configure", name, NO_SOURCE, -1, encode(Configure(name, load().league_config(name)))))
    return book


def _grow(book: Book, matches: int) -> Iterator[int]:
    """Apply so many matches, and yield each offset. They come from no input, so that the first of one is new."""
    name = book.league.competition
    for offset, (topic, _, value) in enumerate(messages(played(name, matches, teams=20)), start=1):
        book.apply(offset, Entry(KIND_OF_TOPIC[topic], name, NO_SOURCE, -1, value or b""))
        yield offset
