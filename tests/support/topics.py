"""Topics of a real broker: make them, write to them, read them to their end."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from stream_app.topics import TOPICS, Topic

MAX_REQUEST_BYTES = 16 * 1024 * 1024

Message = tuple[str, bytes | None, bytes | None]
"""Topic, key, value."""


def fresh_name(prefix: str = "test") -> str:
    """A name for a topic or group that no other test uses."""
    return f"{prefix}-{uuid.uuid4().hex[:12]}"


async def create(bootstrap: str, *names: str, partitions: int = 1) -> None:
    """Make plain topics called `names`."""
    await _create(bootstrap, [NewTopic(name, partitions, 1) for name in names])


async def create_all(bootstrap: str, partitions: int = 4, topics: Sequence[Topic] = TOPICS) -> None:
    """Make the service's own topics, with their settings."""
    await _create(bootstrap, [NewTopic(it.name, partitions, 1, topic_configs=it.config()) for it in topics])


async def delete_all(bootstrap: str) -> None:
    """Delete every topic and every consumer group, so that a test begins with an empty broker."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        groups = [name for name, _ in await admin.list_consumer_groups()]
        if groups:
            await admin.delete_consumer_groups(groups)
        if names := [name for name in await admin.list_topics() if not name.startswith("__")]:
            await admin.delete_topics(names)
    finally:
        await admin.close()


async def produce(bootstrap: str, messages: Iterable[Message]) -> None:
    """Send `messages` in order and wait until the broker has them all."""
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", max_request_size=MAX_REQUEST_BYTES)
    await producer.start()
    try:
        sent = [await producer.send(topic, value, key=key) for topic, key, value in messages]
        for acknowledged in sent:
            await acknowledged
    finally:
        await producer.stop()


async def read_all(bootstrap: str, *names: str) -> list[ConsumerRecord[bytes | None, bytes | None]]:
    """Everything that is in the topics `names` now; within a partition in order, partitions one after the other."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap, enable_auto_commit=False, max_partition_fetch_bytes=MAX_REQUEST_BYTES
    )
    await consumer.start()
    try:
        return [record for name in names for record in await _read_topic(consumer, name)]
    finally:
        await consumer.stop()


async def _read_topic(consumer: AIOKafkaConsumer, name: str) -> list[ConsumerRecord[bytes | None, bytes | None]]:
    await consumer._client.force_metadata_update()
    partitions = [TopicPartition(name, number) for number in sorted(consumer.partitions_for_topic(name) or ())]
    ends = await consumer.end_offsets(partitions)
    records: list[ConsumerRecord[bytes | None, bytes | None]] = []
    for partition in partitions:
        consumer.assign([partition])
        await consumer.seek_to_beginning(partition)
        while await consumer.position(partition) < ends[partition]:
            batch = await consumer.getmany(partition, timeout_ms=200)
            records += [record for record in batch.get(partition, ()) if record.offset < ends[partition]]
    return records


async def _create(bootstrap: str, topics: Sequence[NewTopic]) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        answer = await admin.create_topics(list(topics))
        failed = [(name, message) for name, code, message in answer.topic_errors if code]
        assert not failed, failed
    finally:
        await admin.close()
