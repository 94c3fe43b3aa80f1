"""What the topics say, for a comparison with the stores."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from aiokafka import AIOKafkaConsumer, TopicPartition

from stream_app import brokers, topic_admin
from stream_app.brokers import Where
from stream_app.errors import InvalidInput
from stream_app.evaluation_log.comparison import Comparison
from stream_app.evaluation_log.findings import Facts, Range, Wanted, hash_number, match_key, uuid_bytes
from stream_app.evaluation_log.follower import Record
from stream_app.evaluation_log.row import LOGGED_TOPICS, LogRow, content_hash, row_of, type_of_model_event
from stream_app.topics import DECAY_ALERTS, EVALUATIONS, MODEL_EVENTS, PREDICTIONS, RESULTS

_POLL_MS = 200
_BATCH_RECORDS = 5_000
_PLAYED = ("final", "corrected")

Message = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Topics:
    """The logged topics on the brokers at `bootstrap`, as far as they reached when they were looked at.

    Attributes
    ----------
    ranges
        The first offset of each partition, and the one after the last.
    """

    bootstrap: Where
    ranges: Mapping[tuple[str, int], Range]

    async def pour(self, comparison: Comparison) -> None:
        """Pour all events into `comparison`, and the results that they should be about."""
        async for records in self._read(LOGGED_TOPICS):
            comparison.add_published([line for record in records if (line := _line(record))])
        async for records in self._read((RESULTS,)):
            comparison.add_results([result for record in records if (result := _result(record))])

    async def rows(self, wanted: Wanted) -> AsyncGenerator[tuple[list[LogRow], list[bytes]]]:
        """The rows of the events that `wanted` picks, in batches, and the ids of those that are no events after all."""
        async for records in self._read(LOGGED_TOPICS):
            by_id = {line[0]: record for record in records if (line := _line(record))}
            rows: list[LogRow] = []
            refused: list[bytes] = []
            for id_ in wanted(list(by_id)):
                record = by_id[id_]
                try:
                    rows.append(row_of(record.topic, record.partition, record.offset, record.timestamp, record.value))
                except InvalidInput:
                    # The sink has refused it for the same reason; it is in the dead letters.
                    refused.append(id_)
            yield rows, refused

    async def _read(self, topics: Sequence[str]) -> AsyncIterator[Sequence[Record]]:
        ranges = {
            TopicPartition(*tp): range_
            for tp, range_ in self.ranges.items()
            if tp[0] in topics and range_.beginning < range_.end
        }
        if not ranges:
            return
        async with _consumer(self.bootstrap) as consumer:
            consumer.assign(list(ranges))
            for partition, (beginning, _) in ranges.items():
                consumer.seek(partition, beginning)
            unfinished = set(ranges)
            while unfinished:
                fetched = await consumer.getmany(*unfinished, timeout_ms=_POLL_MS, max_records=_BATCH_RECORDS)
                for partition, records in fetched.items():
                    yield [record for record in records if record.offset < ranges[partition][1]]
                for partition in list(unfinished):
                    # The position passes what is no record too, such as the markers of a transaction.
                    if await consumer.position(partition) >= ranges[partition][1]:
                        unfinished.discard(partition)
                        consumer.pause(partition)


async def look(bootstrap: Where) -> Topics:
    """The topics as far as they reach now.

    Raises
    ------
    Retryable
        Kafka does not answer.
    InvalidInput
        A topic is missing.
    """
    partitions = await topic_admin.partitions_of(bootstrap, (*LOGGED_TOPICS, RESULTS))
    async with _consumer(bootstrap) as consumer:
        consumer.assign(partitions)
        beginnings = await consumer.beginning_offsets(partitions)
        ends = await consumer.end_offsets(partitions)
    return Topics(
        bootstrap,
        {
            (partition.topic, partition.partition): Range(beginnings[partition], ends[partition])
            for partition in partitions
        },
    )


@asynccontextmanager
async def _consumer(bootstrap: Where) -> AsyncIterator[AIOKafkaConsumer]:
    consumer = brokers.consumer(bootstrap, enable_auto_commit=False, auto_offset_reset="earliest")
    try:
        await consumer.start()
        yield consumer
    finally:
        await consumer.stop()


def _line(record: Record) -> tuple[Any, ...] | None:
    """What is poured of one message; None when it is no event, which is what the sink thinks of it too."""
    try:
        message = orjson.loads(record.value or b"")
        facts = _FACTS_OF[record.topic](message)
        hash_ = hash_number(content_hash(message))
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
    return (*facts, hash_, record.topic, record.partition, record.offset)


def _prediction(message: Message) -> Facts:
    id_, competition = _id(message, "prediction_id"), message["competition"]
    return Facts(
        id_,
        "prediction",
        _seconds(message["as_of"]),
        competition,
        id_,
        uuid_bytes(message.get("supersedes")),
        None if message.get("late") else _seconds(message["kickoff"]),
        match_key(competition, message["match_id"]),
    )


def _evaluation(message: Message) -> Facts:
    supersedes = uuid_bytes(message.get("supersedes"))
    return Facts(
        _id(message, "evaluation_id"),
        "correction" if supersedes else "evaluation",
        _seconds(message["evaluated_at"]),
        message["competition"],
        _id(message, "prediction_id"),
        supersedes,
        None,
        None,
    )


def _alert(message: Message) -> Facts:
    time = _seconds(message["at"])
    return Facts(_id(message, "alert_id"), "alert", time, message["competition"], None, None, None, None)


def _model_event(message: Message) -> Facts:
    type_, time = type_of_model_event(message["kind"]), _seconds(message["at"])
    return Facts(_id(message, "event_id"), type_, time, message["competition"], None, None, None, None)


_FACTS_OF: Mapping[str, Callable[[Message], Facts]] = {
    PREDICTIONS: _prediction,
    EVALUATIONS: _evaluation,
    DECAY_ALERTS: _alert,
    MODEL_EVENTS: _model_event,
}


def _result(record: Record) -> tuple[bytes, str] | None:
    try:
        message = orjson.loads(record.value or b"")
        if message["status"] not in _PLAYED:
            return None
        competition, match_id = message["competition"], message["match_id"]
    except (ValueError, TypeError, KeyError):
        # Not for this command to judge: the worker has sent it to the dead letters.
        return None
    return match_key(competition, match_id), f"{competition} {match_id}"


def _id(message: Message, name: str) -> bytes:
    found = uuid_bytes(message[name])
    if found is None:
        raise ValueError(name)
    return found


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
