"""Programs of a measurement that apply every event for a fixed time: `python -m tests.bench.simulated bare|worker US`.

`worker` is the service's own worker, in which a book takes so many microseconds of the processor for an entry, whatever
it says, and publishes two messages for it. `bare` is the shortest loop on aiokafka that does the same: consume, apply,
produce two, wait for the brokers, commit. It checks, orders and remembers nothing.
"""

from __future__ import annotations

import asyncio
import os
import sys
from copy import copy
from time import perf_counter

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from stream_app.agents import shelf
from stream_app.durability.book import Book, Published
from stream_app.durability.log import NO_SOURCE, Entry
from stream_app.settings import load
from stream_app.topics import EVALUATIONS, FEEDS, PREDICTIONS
from tests.bench.ground import SNAPSHOT_BYTES, large_book

OUTPUT = b"{" + b" " * 800 + b"}"
"""About as long as the forecasts of two models."""

BATCH = 500
"""Messages that the bare loop takes at a time."""

BATCH_BYTES = 256 * 1024


def burn(us: float) -> None:
    """Use the processor for so many microseconds."""
    until = perf_counter() + us / 1e6
    while perf_counter() < until:
        pass


class SimulatedBook(Book):
    """A book with a state of the usual size, which entries do not change."""

    us = 0.0
    usual: Book

    def __init__(self, competition: str) -> None:
        super().__init__(competition)
        # Of its own name, by which checkpoints know it.
        self.league = copy(self.usual.league)
        self.league.competition = competition

    def apply(self, offset: int, entry: Entry) -> list[Published]:
        """Take the time, and say two things of an input message."""
        self.position = offset
        if entry.source == NO_SOURCE:
            return []
        burn(self.us)
        return [Published(PREDICTIONS, OUTPUT), Published(EVALUATIONS, OUTPUT)]


def worker(us: float) -> None:
    """The service's worker with simulated books."""
    from stream_app.cli import worker as command

    SimulatedBook.us, SimulatedBook.usual = us, large_book(SNAPSHOT_BYTES)
    shelf.Book = SimulatedBook  # type: ignore[attr-defined]  # in this program books are simulated
    command.worker()


async def bare(us: float) -> None:
    """The bare loop, until it is killed."""
    settings = load()
    assert settings.kafka is not None
    consumer = AIOKafkaConsumer(
        *FEEDS,
        bootstrap_servers=settings.kafka,
        group_id="bare",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        max_poll_records=BATCH,
    )
    producer = AIOKafkaProducer(
        bootstrap_servers=settings.kafka, acks="all", enable_idempotence=True, max_batch_size=BATCH_BYTES
    )
    await producer.start()
    await consumer.start()
    while True:
        sent = []
        for records in (await consumer.getmany(timeout_ms=1_000)).values():
            for record in records:
                burn(us)
                for topic in (PREDICTIONS, EVALUATIONS):
                    sent.append(await producer.send(topic, OUTPUT, key=record.key, partition=record.partition))
        for confirmation in sent:
            await confirmation
        if sent:
            await consumer.commit()


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    if sys.argv[1] == "bare":
        asyncio.run(bare(float(sys.argv[2])))
    else:
        worker(float(sys.argv[2]))
