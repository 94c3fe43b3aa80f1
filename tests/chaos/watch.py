"""Watching a service at work from outside: what it publishes when, and where its group stands."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from contextlib import suppress
from time import monotonic, time

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from stream_app.topics import CHECKPOINTS, EVALUATIONS, LOG, PREDICTIONS
from tests.chaos.checker import Sample
from tests.chaos.state_reader import read_place

REQUEST_MS = 5_000
SAMPLE_S = 0.2
POLL_S = 0.02


def _partitions(topics: Sequence[str], partitions: int) -> list[TopicPartition]:
    return [TopicPartition(topic, number) for topic in topics for number in range(partitions)]


class Outputs:
    """Follows predictions and evaluations, and knows when each partition last said something new.

    Times are those that the worker's producer gave to the records, in seconds of `time.time`.
    """

    def __init__(self, bootstrap: str, partitions: int) -> None:
        self._bootstrap = bootstrap
        self._partitions = _partitions((PREDICTIONS, EVALUATIONS), partitions)
        self._seen: set[int] = set()
        self._news: dict[int, float] = dict.fromkeys(range(partitions), 0.0)
        self.news_at = dict.fromkeys(range(partitions), monotonic())
        """When this process last learned of something new, by partition (seconds of `time.monotonic`)."""

    async def follow(self) -> None:
        """Read on, for ever, over every trouble that the broker has."""
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self._bootstrap, enable_auto_commit=False, request_timeout_ms=REQUEST_MS
        )
        await consumer.start()
        try:
            consumer.assign(self._partitions)
            await consumer.seek_to_beginning(*self._partitions)
            while True:
                for tp, records in (await consumer.getmany(timeout_ms=200)).items():
                    for record in records:
                        content = hash(record.value)
                        if content not in self._seen:
                            self._seen.add(content)
                            self._news[tp.partition] = max(self._news[tp.partition], record.timestamp / 1000)
                            self.news_at[tp.partition] = monotonic()
        finally:
            await consumer.stop()

    async def until_news(self, partitions: Collection[int], since: float, timeout_s: float) -> float | None:
        """Seconds from `since` until the first new output of one of `partitions`; None if there is none in time."""
        deadline = time() + timeout_s
        while time() < deadline:
            if at := [self._news[number] for number in partitions if self._news[number] > since]:
                return min(at) - since
            await asyncio.sleep(POLL_S)
        return None


class Group:
    """The workers' group as the brokers have it.

    To be used as an asynchronous context manager.
    """

    def __init__(self, bootstrap: str, group: str, partitions: int) -> None:
        self._bootstrap = bootstrap
        self._group = group
        self._log = _partitions((LOG,), partitions)
        self._records = _partitions((CHECKPOINTS,), partitions)
        self._count = partitions
        self._furthest: dict[int, int] = {}
        self.samples: list[Sample] = []

    async def __aenter__(self) -> Group:
        self._admin = AIOKafkaAdminClient(bootstrap_servers=self._bootstrap, request_timeout_ms=REQUEST_MS)
        self._consumer = AIOKafkaConsumer(
            bootstrap_servers=self._bootstrap, enable_auto_commit=False, request_timeout_ms=REQUEST_MS
        )
        await self._admin.start()
        await self._consumer.start()
        self._consumer.assign(self._records)
        await self._consumer.seek_to_beginning(*self._records)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._consumer.stop()
        await self._admin.close()

    async def sample(self) -> None:
        """Look where the group stands, again and again, for ever."""
        while True:
            # The broker is stopped and killed at times; then there is nothing to see.
            with suppress(KafkaError, OSError, TimeoutError):
                async with asyncio.timeout(REQUEST_MS / 1000):
                    self.samples.append(await self._look())
            await asyncio.sleep(SAMPLE_S)

    async def _look(self) -> Sample:
        # In this order: a checkpoint is on record before its place is committed.
        committed = await self._committed(self._log)
        ends = await self._consumer.end_offsets(self._records)
        while any([await self._consumer.position(tp) < end for tp, end in ends.items()]):
            for tp, records in (await self._consumer.getmany(timeout_ms=50)).items():
                places = [read_place(record.value).place for record in records]
                self._furthest[tp.partition] = max(self._furthest.get(tp.partition, 0), *places)
        return Sample({tp.partition: offset for tp, offset in committed.items()}, dict(self._furthest))

    async def behind(self, topics: Sequence[str]) -> int:
        """Messages of `topics` that the group has not marked as read. Raises KafkaError, OSError or TimeoutError."""
        partitions = _partitions(topics, self._count)
        ends = await self._consumer.end_offsets(partitions)
        committed = await self._committed(partitions)
        return sum(end - committed.get(tp, 0) for tp, end in ends.items())

    async def _committed(self, partitions: list[TopicPartition]) -> dict[TopicPartition, int]:
        found = await self._admin.list_consumer_group_offsets(self._group, partitions=partitions)
        return {tp: it.offset for tp, it in found.items() if it.offset >= 0}
