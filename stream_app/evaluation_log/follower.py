"""Reads the logged topics from the places that a store has reached.

It joins no consumer group: which messages a store lacks is told by the store alone, and it reads all partitions. So a
start waits for nobody, and any number of sinks can run side by side; each CSV log is complete, and a database that
several of them write to gets each event once. A group's offsets are committed all the same, after the fact, so that
Kafka's tools show how far a store is behind.
"""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TypeAlias

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaConnectionError, KafkaError

from stream_app import brokers, topic_admin
from stream_app.brokers import Where
from stream_app.errors import InvalidInput
from stream_app.evaluation_log.row import LOGGED_TOPICS, LogRow, row_of
from stream_app.evaluation_log.store import Batch, Place
from stream_app.lag import unread

log = logging.getLogger(__name__)

Record: TypeAlias = "ConsumerRecord[bytes | None, bytes | None]"

POLL_MS = 200
"""Milliseconds that one look for new messages takes at most, and so the time in which a stop is noticed."""

# What a store writes in one go costs about the same for one row as for a hundred: wait a moment for company.
_GATHER_MS = 100
_GATHER_BYTES = 65_536
_BATCH_RECORDS = 5_000


@dataclass(frozen=True, slots=True)
class Read:
    """Messages that came together: the rows in them, and those that are no events, each with what is wrong."""

    batch: Batch
    refused: Sequence[tuple[Record, str]]
    records: Sequence[Record]

    def record_of(self, row: LogRow) -> Record:
        """The message that `row` was made of."""
        return next(
            record
            for record in self.records
            if (record.topic, record.partition, record.offset)
            == (row.kafka_topic, row.kafka_partition, row.kafka_offset)
        )


class Follower:
    """A started consumer of all partitions of the logged topics, and where it is in each."""

    def __init__(self, consumer: AIOKafkaConsumer, partitions: Sequence[TopicPartition], name: str) -> None:
        self._consumer = consumer
        self._partitions = partitions
        self._name = name
        self._next: dict[TopicPartition, int] = {}
        self._kept_before: dict[TopicPartition, int] = {}
        self._places: dict[TopicPartition, Place] = {}
        self._unproven: dict[TopicPartition, Place] = {}

    async def begin(self, places: Mapping[tuple[str, int], Place]) -> None:
        """Go to `places`; at the start, and again when the store may have lost something.

        A place counts only when its newest event is found there again. Where it is not, the topic is another one by the
        same name (made anew, or of another Kafka) and is read from its beginning; what the store holds already it knows
        by id.
        """
        self._places.clear()
        self._kept_before.clear()
        self._unproven.clear()
        beginnings = await self._consumer.beginning_offsets(self._partitions)
        ends = await self._consumer.end_offsets(self._partitions)
        for partition in self._partitions:
            place = places.get((partition.topic, partition.partition))
            beginning = beginnings[partition]
            if place is None:
                self._go(partition, beginning)
            elif place.last_offset >= ends[partition]:
                self._start_over(partition, beginning)
            elif place.last_offset < beginning:
                if place.next_offset < beginning:
                    self._tell_gap(partition, place.next_offset, beginning)
                self._places[partition] = place
                self._kept_before[partition] = place.next_offset
                self._go(partition, beginning)
            else:
                self._unproven[partition] = self._places[partition] = place
                self._kept_before[partition] = place.next_offset
                self._go(partition, place.last_offset)

    async def read(self) -> Read | None:
        """The next messages, or None when there are none for the moment."""
        fetched = await self._consumer.getmany(timeout_ms=POLL_MS, max_records=_BATCH_RECORDS)
        rows: list[LogRow] = []
        refused: list[tuple[Record, str]] = []
        kept: list[Record] = []
        places: dict[tuple[str, int], Place] = {}
        for partition, records in fetched.items():
            # The client goes back by itself to the beginning of a topic that has become shorter than it has read.
            if not self._is_proven(partition, records[0]) or records[0].offset < self._next[partition]:
                self._start_over(partition, (await self._consumer.beginning_offsets([partition]))[partition])
                continue
            if records[0].offset > self._next[partition]:
                self._tell_gap(partition, self._next[partition], records[0].offset)
            self._next[partition] = records[-1].offset + 1
            fresh = [record for record in records if record.offset >= self._kept_before.get(partition, 0)]
            if not fresh:
                continue
            kept += fresh
            newest: LogRow | None = None
            for record in fresh:
                try:
                    newest = _row(record)
                    rows.append(newest)
                except InvalidInput as error:
                    refused.append((record, str(error)))
            place = self._move(partition, newest)
            if place is not None:
                places[partition.topic, partition.partition] = place
        return Read(Batch(rows, places), refused, kept) if kept else None

    def unread(self) -> dict[tuple[str, int], int]:
        """Messages of each partition that were not read yet."""
        return unread(self._consumer, self._next)

    async def commit(self) -> None:
        """Tell Kafka how far the store is. Nothing depends on it but what people see of the lag."""
        try:
            await self._consumer.commit(dict(self._next))
        except KafkaError as error:
            log.info("%s: the lag that Kafka shows is not up to date: %s", self._name, error)

    def _go(self, partition: TopicPartition, offset: int) -> None:
        self._consumer.seek(partition, offset)
        self._next[partition] = offset

    def _start_over(self, partition: TopicPartition, beginning: int) -> None:
        log.warning(
            "%s: %s[%d] is another topic than the one that was read before; reading it from its beginning",
            self._name,
            partition.topic,
            partition.partition,
            extra={"topic": partition.topic, "partition": partition.partition, "offset": beginning},
        )
        self._places.pop(partition, None)
        self._kept_before.pop(partition, None)
        self._go(partition, beginning)

    def _is_proven(self, partition: TopicPartition, first: Record) -> bool:
        place = self._unproven.pop(partition, None)
        if place is None:
            return True
        try:
            return (first.offset, _row(first).event_id) == (place.last_offset, place.last_id)
        except InvalidInput:
            return False

    def _move(self, partition: TopicPartition, newest: LogRow | None) -> Place | None:
        """The place that is reached with `newest`, the last event read; None while there was no event at all."""
        next_offset = self._next[partition]
        known = self._places.get(partition)
        if newest is not None and newest.kafka_offset is not None:
            known = Place(next_offset, newest.kafka_offset, newest.event_id)
        elif known is not None:
            known = dataclasses.replace(known, next_offset=next_offset)
        if known is not None:
            self._places[partition] = known
        return known

    def _tell_gap(self, partition: TopicPartition, start: int, end: int) -> None:
        # Retention has deleted them, or they were the markers of a producer's transaction.
        log.warning(
            "%s: %s[%d] has no offsets from %d to %d any more; going on after them",
            self._name,
            partition.topic,
            partition.partition,
            start,
            end - 1,
            extra={"topic": partition.topic, "partition": partition.partition, "offset": start},
        )


@asynccontextmanager
async def follow(bootstrap: Where, group: str) -> AsyncIterator[Follower]:
    """A follower on the brokers at `bootstrap` whose lag shows under the name `group`.

    Raises
    ------
    Retryable
        Kafka does not answer.
    InvalidInput
        A topic is missing, or the brokers do not allow us to read it.
    """
    try:
        partitions = await topic_admin.partitions_of(bootstrap, LOGGED_TOPICS)
        consumer = brokers.consumer(
            bootstrap,
            client_id=group,
            group_id=group,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            fetch_max_wait_ms=_GATHER_MS,
            fetch_min_bytes=_GATHER_BYTES,
        )
        try:
            await consumer.start()
            consumer.assign(partitions)
            yield Follower(consumer, partitions, group)
        finally:
            await consumer.stop()
    except (KafkaConnectionError, *brokers.REFUSALS) as error:
        raise brokers.trouble(bootstrap, error) from error


def _row(record: Record) -> LogRow:
    return row_of(record.topic, record.partition, record.offset, record.timestamp, record.value)
