from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from stream_app.dev.process import free_ports
from stream_app.errors import InvalidInput, Retryable
from stream_app.topic_admin import Difference, create, differences
from stream_app.topics import TOPICS, Topic
from tests.support.topics import fresh_name


@pytest.fixture
def topics() -> list[Topic]:
    """The service's topics under names of this test's own."""
    prefix = fresh_name()
    return [replace(topic, name=f"{prefix}.{topic.name}") for topic in TOPICS]


async def test_topics_that_are_missing_are_made_as_they_should_be(kafka: str, topics: list[Topic]) -> None:
    missing = await differences(kafka, partitions=3, replication=1, topics=topics)
    assert missing == [Difference(topic.name, "topic", "missing", "there") for topic in topics]
    assert await create(kafka, partitions=3, replication=1, topics=topics) == [topic.name for topic in topics]
    assert await differences(kafka, partitions=3, replication=1, topics=topics) == []


async def test_topics_that_are_there_are_left_alone(kafka: str, topics: list[Topic]) -> None:
    await create(kafka, partitions=2, replication=1, topics=topics[:1])
    assert await create(kafka, partitions=3, replication=1, topics=topics[:2]) == [topics[1].name]
    found = await differences(kafka, partitions=3, replication=1, topics=topics[:2])
    assert found == [Difference(topics[0].name, "partitions", "2", "3")]
    assert str(found[0]) == f"topic {topics[0].name}: partitions is 2, wanted 3"


async def test_every_setting_that_differs_is_told(kafka: str, topics: list[Topic]) -> None:
    name = topics[0].name
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    await admin.create_topics([NewTopic(name, 1, 1, topic_configs={"cleanup.policy": "compact"})])
    await admin.close()
    wanted = Topic(name, "", cleanup="delete", retention_ms=1_000, max_message_bytes=2_000)
    assert await differences(kafka, partitions=4, replication=2, topics=[wanted]) == [
        Difference(name, "partitions", "1", "4"),
        Difference(name, "replication", "1", "2"),
        Difference(name, "cleanup.policy", "compact", "delete"),
        Difference(name, "retention.ms", "604800000", "1000"),
        Difference(name, "max.message.bytes", "9437184", "2000"),
    ]


async def test_what_is_confirmed_is_on_at_least_half_of_the_replicas(kafka: str, topics: list[Topic]) -> None:
    await create(kafka, partitions=1, replication=1, topics=topics[:1])
    found = await differences(kafka, partitions=1, replication=3, topics=topics[:1])
    assert found == [
        Difference(topics[0].name, "replication", "1", "3"),
        Difference(topics[0].name, "min.insync.replicas", "1", "2"),
    ]


@pytest.mark.parametrize(
    ("setting", "found", "wanted", "grave"),
    [
        ("topic", "missing", "there", True),
        ("partitions", "6", "4", True),
        ("cleanup.policy", "compact", "delete", True),
        ("replication", "1 and 3", "3", True),
        ("replication", "3", "2", False),
        ("min.insync.replicas", "1", "2", True),
        ("min.insync.replicas", "2", "1", False),
        ("retention.ms", "1", "-1", False),
    ],
)
def test_what_could_lose_messages_or_mix_them_up_is_grave(setting: str, found: str, wanted: str, grave: bool) -> None:
    assert Difference("match-log", setting, found, wanted).is_grave == grave


async def test_two_processes_may_make_the_topics_at_the_same_moment(kafka: str, topics: list[Topic]) -> None:
    await asyncio.gather(*(create(kafka, partitions=1, replication=1, topics=topics) for _ in range(3)))
    assert await differences(kafka, partitions=1, replication=1, topics=topics) == []


async def test_a_topic_that_the_broker_will_not_have_is_told_with_its_reason(kafka: str, topics: list[Topic]) -> None:
    with pytest.raises(InvalidInput, match=rf"topic {topics[0].name}: Kafka at .* will not have it: .*replication"):
        await create(kafka, partitions=1, replication=3, topics=topics[:1])


async def test_a_broker_that_is_away_is_worth_another_try() -> None:
    (port,) = free_ports(None)
    with pytest.raises(Retryable, match=rf"Kafka does not answer at 127\.0\.0\.1:{port}"):
        await differences(f"127.0.0.1:{port}", partitions=1, replication=1)
