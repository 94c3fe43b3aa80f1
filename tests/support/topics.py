"""Topics of a real broker: make them, write to them, read them to their end."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Iterable, Sequence

from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from stream_app import topic_admin
from stream_app.topic_reader import Record, read_to_end
from stream_app.topics import TOPICS, Topic
from tests.support.waiting import until

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
    await topic_admin.create(bootstrap, partitions=partitions, replication=1, topics=topics)


async def delete_all(bootstrap: str) -> None:
    """Delete every topic, so that a test begins with an empty broker. Groups stay: use one of your own."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        names = [name for name in await admin.list_topics() if not name.startswith("__")]
    finally:
        await admin.close()
    await delete(bootstrap, *names)


async def delete(bootstrap: str, *names: str) -> None:
    """Delete topics, with what groups have committed of them, and return when nobody sees them any more."""
    if not names:
        return
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        await admin.delete_topics(list(names))
        await until(lambda: _gone(admin, names), "the topics are gone")
    finally:
        await admin.close()


async def _gone(admin: AIOKafkaAdminClient, names: Sequence[str]) -> bool:
    return not set(names) & set(await admin.list_topics())


async def produce(bootstrap: str, messages: Iterable[Message]) -> None:
    """Send `messages` in order and wait until the broker has them all.

    The order of a key is kept across topics too, as it is by a feed: whoever reads both at once never sees a result
    without its features.
    """
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", max_request_size=MAX_REQUEST_BYTES)
    await producer.start()
    try:
        sent: list[asyncio.Future[object]] = []
        last: dict[bytes | None, tuple[str, asyncio.Future[object]]] = {}
        for topic, key, value in messages:
            if key in last and last[key][0] != topic:
                await last[key][1]
            sent.append(await producer.send(topic, value, key=key))
            last[key] = topic, sent[-1]
        for acknowledged in sent:
            await acknowledged
    finally:
        await producer.stop()


async def read_all(bootstrap: str, *names: str) -> list[Record]:
    """Everything that is in the topics `names` now; within a partition in order, partitions one after the other."""
    records = [record async for record in read_to_end(bootstrap, names)]
    return sorted(records, key=lambda record: (names.index(record.topic), record.partition, record.offset))


async def _create(bootstrap: str, topics: Sequence[NewTopic]) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        answer = await admin.create_topics(list(topics))
        failed = [(name, message) for name, code, message in answer.topic_errors if code]
        assert not failed, failed
    finally:
        await admin.close()
