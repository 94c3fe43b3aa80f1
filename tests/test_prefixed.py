"""Clients of a cluster that has our topics under a prefix, on the real broker."""

from __future__ import annotations

import asyncio
from collections.abc import Collection

import pytest
from aiokafka import ConsumerRebalanceListener, TopicPartition

from stream_app import brokers
from stream_app.brokers import Brokers
from tests.support import topics
from tests.support.topics import fresh_name

ONE = TopicPartition("matches", 0)


class Heard(ConsumerRebalanceListener):  # type: ignore[misc]  # untyped in aiokafka
    def __init__(self) -> None:
        self.assigned: set[TopicPartition] = set()

    async def on_partitions_revoked(self, revoked: Collection[TopicPartition]) -> None:
        self.assigned -= set(revoked)

    async def on_partitions_assigned(self, assigned: Collection[TopicPartition]) -> None:
        self.assigned |= set(assigned)


@pytest.fixture
async def shared(kafka: str) -> Brokers:
    """The broker, on which our topic `matches` has a prefix of this test's own, and three messages."""
    where = Brokers(kafka, prefix=f"{fresh_name()}.")
    await topics.create(kafka, where.name_of("matches"))
    await topics.create(kafka, fresh_name("of-others"))
    producer = brokers.producer(where)
    await producer.start()
    try:
        assert await producer.partitions_for("matches") == {0}
        for text in (b"a", b"b", b"c"):
            await producer.send_and_wait("matches", text)
    finally:
        await producer.stop()
    return where


async def test_a_consumer_speaks_of_topics_by_their_plain_names(shared: Brokers) -> None:
    consumer = brokers.consumer(shared, enable_auto_commit=False)
    await consumer.start()
    try:
        assert await consumer.topics() == {"matches"}
        consumer.assign([ONE])
        assert consumer.assignment() == {ONE}
        assert await consumer.beginning_offsets([ONE]) == {ONE: 0}
        assert await consumer.end_offsets([ONE]) == {ONE: 3}
        assert {tp: found.offset for tp, found in (await consumer.offsets_for_times({ONE: 0})).items()} == {ONE: 0}
        await consumer.seek_to_end(ONE)
        assert await consumer.position(ONE) == 3
        await consumer.seek_to_beginning(ONE)
        first = await consumer.getone(ONE)
        assert (first.topic, first.value) == ("matches", b"a")
        consumer.seek(ONE, 2)
        [(tp, [last])] = (await consumer.getmany(ONE, timeout_ms=10_000)).items()
        assert (tp, last.topic, last.value) == (ONE, "matches", b"c")
        assert consumer.highwater(ONE) == consumer.last_stable_offset(ONE) == 3
        assert consumer.last_poll_timestamp(ONE) > 0
        assert consumer.partitions_for_topic("matches") == {0}
        consumer.pause(ONE)
        assert consumer.paused() == {ONE}
        consumer.resume(ONE)
        assert consumer.paused() == set()
    finally:
        await consumer.stop()


async def test_a_group_is_told_of_plain_names_and_commits_under_the_full_ones(shared: Brokers, kafka: str) -> None:
    heard, group = Heard(), fresh_name("group")
    consumer = brokers.consumer(shared, group_id=group, enable_auto_commit=False, auto_offset_reset="earliest")
    consumer.subscribe(["matches"], listener=heard)
    await consumer.start()
    try:
        async with asyncio.timeout(30):
            await consumer.getone()
        assert heard.assigned == {ONE}
        assert consumer.subscription() == {"matches"}
        await consumer.commit({ONE: 2})
        assert await consumer.committed(ONE) == 2
        assert await consumer.seek_to_committed() == {ONE: 2}
        assert await consumer.position(ONE) == 2
        consumer.seek(ONE, 1)
        await consumer.commit()
    finally:
        await consumer.stop()
    admin = brokers.admin(kafka)
    await admin.start()
    try:
        places = await admin.list_consumer_group_offsets(group)
    finally:
        await admin.close()
    assert {tp.topic: place.offset for tp, place in places.items()} == {shared.name_of("matches"): 1}


async def test_topics_under_a_prefix_are_not_subscribed_by_a_pattern() -> None:
    consumer = brokers.consumer(Brokers("127.0.0.1:1", prefix="p."))
    with pytest.raises(ValueError, match="subscribed by name"):
        consumer.subscribe(pattern="m.*")
    await consumer.stop()
