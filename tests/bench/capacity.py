"""Matches a second: through one worker, two workers, the models alone, and a plain Faust application."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from time import monotonic

from aiokafka import AIOKafkaConsumer, TopicPartition

from stream_app.contracts import KIND_OF_TOPIC
from stream_app.dev.process import Child
from stream_app.durability.book import Book
from stream_app.durability.log import Entry
from stream_app.topics import EVALUATIONS, PREDICTIONS
from tests.bench.ground import (
    CORES,
    DRAIN_S,
    PARTITIONS,
    WORKER,
    Ground,
    configured_book,
    keep_on,
    on_cores,
    others_on,
    ready,
    replay,
    stopped_at_the_end,
)
from tests.support import topics
from tests.support.waiting import until

COMPETITIONS, MATCHES = 16, 300
"""Enough that all models are warm, and a broker, a worker and whoever counts have a few seconds of even work."""

NAIVE = [sys.executable, "-m", "tests.bench.naive"]


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
    with on_cores(CORES[:1]):
        began = monotonic()
        for offset, entry in enumerate(entries, start=1):
            books[entry.competition].apply(offset, entry)
        return COMPETITIONS * MATCHES / (monotonic() - began)


async def of_workers(ground: Ground, workers: int) -> Drained:
    """A backlog through so many workers, each on a core of its own. With two, the broker shares both of these."""
    programs = [ground.start(WORKER, f"worker-{number}") for number in range(workers)]
    with stopped_at_the_end(programs):
        for core, program in zip(CORES, programs, strict=False):
            keep_on([core], program)
        for program in programs:
            await ready(program, PARTITIONS // workers)
        with others_on(CORES[workers:] or CORES, ground):
            return await _drained(ground, programs)


async def of_naive(ground: Ground) -> Drained:
    """The same backlog through the plain application, with a core to itself."""
    program = ground.start(NAIVE, "naive")
    with stopped_at_the_end([program]), others_on(CORES[1:], ground):
        keep_on(CORES[:1], program)
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
