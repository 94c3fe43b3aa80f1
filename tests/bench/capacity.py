"""Matches a second: through one worker, two workers, the models alone, and a plain Faust application."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic

from aiokafka import AIOKafkaConsumer, TopicPartition

from stream_app.contracts import KIND_OF_TOPIC
from stream_app.dev.process import Child
from stream_app.durability.book import Book
from stream_app.durability.log import Entry
from stream_app.topics import EVALUATIONS, PREDICTIONS
from tests.bench.ground import DRAIN_S, PARTITIONS, WORKER, Ground, configured_book, ready, replay, stopped_at_the_end
from tests.support import topics
from tests.support.waiting import until

COMPETITIONS, MATCHES = 16, 300
"""Enough that all models are warm, and a broker, a worker and whoever counts have a few seconds of even work."""

NAIVE = [sys.executable, "-m", "tests.bench.naive"]
WORKERS_CORE, OTHERS_CORE = 0, 1


@dataclass(frozen=True, slots=True)
class Drained:
    """A backlog worked off: matches a second, and the processor's seconds that each program took for a match."""

    matches_per_s: float
    program_s: float


def core() -> float:
    """Matches a second of the leagues alone, decoding and encoding included, on the workers' core."""
    books: dict[str, Book] = {}
    entries: list[Entry] = []
    offsets: dict[str, int] = {}
    for topic, key, value in replay(COMPETITIONS, MATCHES):
        name = (key or b"").decode()
        if name not in books:
            books[name] = configured_book(name)
        offsets[topic] = offsets.get(topic, -1) + 1
        entries.append(Entry(KIND_OF_TOPIC[topic], name, topic, offsets[topic], value or b""))
    with _on_core(WORKERS_CORE):
        began = monotonic()
        for offset, entry in enumerate(entries, start=1):
            books[entry.competition].apply(offset, entry)
        return COMPETITIONS * MATCHES / (monotonic() - began)


async def of_workers(ground: Ground, workers: int) -> Drained:
    """A backlog through so many workers. One has a core to itself; two share theirs with the broker."""
    programs = [ground.start(WORKER, f"worker-{number}") for number in range(workers)]
    with stopped_at_the_end(programs):
        if workers == 1:
            os.sched_setaffinity(programs[0].process.pid, {WORKERS_CORE})
        for program in programs:
            await ready(program, PARTITIONS // workers)
        with _on_core(OTHERS_CORE) if workers == 1 else _anywhere():
            return await _drained(ground, programs)


async def of_naive(ground: Ground) -> Drained:
    """The same backlog through the plain application, with a core to itself."""
    program = ground.start(NAIVE, "naive")
    with stopped_at_the_end([program]), _on_core(OTHERS_CORE):
        os.sched_setaffinity(program.process.pid, {WORKERS_CORE})
        return await _drained(ground, [program])


async def _drained(ground: Ground, programs: Sequence[Child]) -> Drained:
    """Send the backlog; from when all of it is there, how fast `programs` come to its end."""
    await topics.produce(ground.bootstrap, replay(COMPETITIONS, MATCHES))
    consumer = AIOKafkaConsumer(bootstrap_servers=ground.bootstrap)
    await consumer.start()
    try:
        partitions = [TopicPartition(name, n) for name in (PREDICTIONS, EVALUATIONS) for n in range(PARTITIONS)]

        async def published() -> int:
            for program in programs:
                program.require_running()
            return sum((await consumer.end_offsets(partitions)).values())

        async def begun() -> bool:
            return await published() > 0

        async def done() -> bool:
            return await published() >= 2 * COMPETITIONS * MATCHES

        await until(begun, "the first output is there", DRAIN_S)
        before, used, began = await published(), _processor_s(programs), monotonic()
        await until(done, "the last output is there", DRAIN_S)
        matches = (2 * COMPETITIONS * MATCHES - before) / 2
        took_s = monotonic() - began
        return Drained(matches / took_s, (_processor_s(programs) - used) / matches)
    finally:
        await consumer.stop()


def _processor_s(programs: Sequence[Child]) -> float:
    """Seconds of the processor that `programs` have taken so far."""
    ticks = 0
    for program in programs:
        with open(f"/proc/{program.process.pid}/stat", encoding="ascii", errors="replace") as file:
            fields = file.read().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


@contextmanager
def _on_core(number: int) -> Iterator[None]:
    """This process, and what it has started to wait for its messages, on one core."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {number})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextmanager
def _anywhere() -> Iterator[None]:
    yield
