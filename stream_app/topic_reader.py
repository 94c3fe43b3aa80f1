"""Reading topics from their beginning to where they end now."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from aiokafka.errors import KafkaError

from stream_app import brokers, topic_admin
from stream_app.brokers import Where
from stream_app.topics import INPUT_MAX_BYTES

FETCH_MS = 200


@dataclass(frozen=True, slots=True)
class Record:
    """One record of a topic as the brokers have it; `timestamp` in milliseconds since 1970."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]]
    timestamp: int = 0


async def read_to_end(bootstrap: Where, topics: Sequence[str]) -> AsyncIterator[Record]:
    """Every record that `topics` hold at the moment of the call.

    Records of a partition come in order; partitions and topics are mixed as they arrive.

    Raises
    ------
    InvalidInput
        A topic does not exist, or the brokers do not let us see it.
    Retryable
        The brokers do not answer.
    """
    partitions = await topic_admin.partitions_of(bootstrap, topics)
    consumer = brokers.consumer(bootstrap, enable_auto_commit=False, max_partition_fetch_bytes=INPUT_MAX_BYTES)
    try:
        try:
            await consumer.start()
        except KafkaError as error:
            raise brokers.trouble(bootstrap, error) from error
        ends = await consumer.end_offsets(partitions)
        consumer.assign(partitions)
        await consumer.seek_to_beginning(*partitions)
        pending = {tp for tp in partitions if await consumer.position(tp) < ends[tp]}
        while pending:
            for tp, records in (await consumer.getmany(*pending, timeout_ms=FETCH_MS)).items():
                for record in records:
                    if record.offset < ends[tp]:
                        yield Record(
                            tp.topic,
                            tp.partition,
                            record.offset,
                            record.key,
                            record.value,
                            record.headers,
                            record.timestamp,
                        )
            for tp in list(pending):
                # The position also passes what holds no data: marks of transactions, records compacted away.
                if await consumer.position(tp) >= ends[tp]:
                    pending.discard(tp)
                    consumer.pause(tp)
    finally:
        await consumer.stop()
