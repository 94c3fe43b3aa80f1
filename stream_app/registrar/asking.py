"""Commands to the workers, and their answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import orjson
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from stream_app import brokers
from stream_app.brokers import Where
from stream_app.contracts import COMMAND_MAX_BYTES, encode, parse
from stream_app.events import ModelCommand
from stream_app.partitioning import partition_of
from stream_app.topic_admin import require
from stream_app.topics import MODEL_COMMANDS, MODEL_EVENTS

FETCH_MS = 200
HEADROOM = 1024
"""Bytes that a record is larger than its value."""

Told = dict[str, object]
"""A model event, field by field."""


@asynccontextmanager
async def reading(bootstrap: Where, topic: str, partition: int, offset: int | None) -> AsyncIterator[AIOKafkaConsumer]:
    """A consumer of one partition from `offset` on, or from its end (None). Raises Retryable without brokers."""
    consumer = brokers.consumer(bootstrap, enable_auto_commit=False, max_partition_fetch_bytes=2 * COMMAND_MAX_BYTES)
    try:
        await consumer.start()
        place = TopicPartition(topic, partition)
        consumer.assign([place])
        if offset is None:
            await consumer.seek_to_end(place)
            await consumer.position(place)
        else:
            consumer.seek(place, offset)
        yield consumer
    except KafkaError as error:
        raise brokers.trouble(bootstrap, error) from error
    finally:
        await consumer.stop()


async def send(bootstrap: Where, command: ModelCommand) -> None:
    """Put a command on its topic.

    Raises
    ------
    InvalidInput
        The order agent would not admit it.
    Retryable
        The brokers do not take it.
    """
    key, value = command.competition.encode(), encode(command)
    parse(MODEL_COMMANDS, key, value, max_bytes=COMMAND_MAX_BYTES)
    producer = brokers.producer(
        bootstrap,
        max_request_size=COMMAND_MAX_BYTES + HEADROOM,
    )
    try:
        await producer.start()
        await producer.send_and_wait(MODEL_COMMANDS, value, key=key)
    except KafkaError as error:
        said = f"Kafka at {bootstrap} does not take the command: {error}"
        raise brokers.trouble(bootstrap, error, said) from error
    finally:
        await producer.stop()


async def ask(
    bootstrap: Where,
    partitions: int,
    command: ModelCommand,
    patience_s: float,
    send: Callable[[ModelCommand], Awaitable[None]],
) -> Told | None:
    """Send a command and return the event that a worker answers with.

    None when no worker has answered within `patience_s` seconds: the command is on record and will be carried out when
    a worker runs.
    """
    await require(bootstrap, (MODEL_COMMANDS, MODEL_EVENTS))
    partition = partition_of(command.competition.encode(), partitions)
    async with reading(bootstrap, MODEL_EVENTS, partition, None) as consumer:
        await send(command)
        end = asyncio.get_running_loop().time() + patience_s
        while asyncio.get_running_loop().time() < end:
            for records in (await consumer.getmany(timeout_ms=FETCH_MS)).values():
                for record in records:
                    told: Told = orjson.loads(record.value)
                    if told["command_id"] == command.command_id:
                        return told
    return None
