"""Matches a second: through one worker, two workers, the models alone, and a plain Faust application."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from time import monotonic

from stream_app.contracts import KIND_OF_TOPIC
from stream_app.dev.process import Child
from stream_app.durability.book import Book
from stream_app.durability.log import Entry
from tests.bench.backlog import WorkedOff, worked_off
from tests.bench.ground import (
    CORES,
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

COMPETITIONS, MATCHES = 16, 300
"""Enough that all models are warm, and a broker, a worker and whoever counts have a few seconds of even work."""

NAIVE = [sys.executable, "-m", "tests.bench.naive"]


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


async def of_workers(ground: Ground, workers: int) -> WorkedOff:
    """A backlog through so many workers, each on a core of its own. With two, the broker shares both of these."""
    programs = [ground.start(WORKER, f"worker-{number}") for number in range(workers)]
    with stopped_at_the_end(programs):
        for core, program in zip(CORES, programs, strict=False):
            keep_on([core], program)
        for program in programs:
            await ready(program, PARTITIONS // workers)
        with others_on(CORES[workers:] or CORES, ground):
            return await _worked_off(ground, programs)


async def of_naive(ground: Ground) -> WorkedOff:
    """The same backlog through the plain application, with a core to itself."""
    program = ground.start(NAIVE, "naive")
    with stopped_at_the_end([program]), others_on(CORES[1:], ground):
        keep_on(CORES[:1], program)
        return await _worked_off(ground, [program])


async def _worked_off(ground: Ground, programs: Sequence[Child]) -> WorkedOff:
    return await worked_off(ground, programs, replay(COMPETITIONS, MATCHES), warm=2 * COMPETITIONS)
