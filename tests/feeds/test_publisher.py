from __future__ import annotations

import asyncio
from collections.abc import Iterable
from itertools import chain

import pytest

from stream_app import feeds, topic_admin
from stream_app.contracts import KIND_OF_TOPIC, decode
from stream_app.dev.kafka import Kafka
from stream_app.dev.process import free_ports
from stream_app.errors import InvalidInput, Retryable
from stream_app.events import Features, Result
from stream_app.feeds import Publisher
from stream_app.feeds.schedule import schedule
from stream_app.message_headers import MESSAGE_ID, content_id
from stream_app.topics import FEATURES, FEEDS, RESULTS, by_name
from tests.support import topics
from tests.support.matches import played

# Hashes of Kafka's own tests of its partitioner (murmur2 of the key as the Java client has it).
MURMUR2 = {
    "21": -973932308,
    "foobar": -790332482,
    "a-little-bit-long-string": -985981536,
    "a-little-bit-longer-string": -1486304829,
    "abc": 479470107,
}
PARTITIONS = 4


def events(competitions: Iterable[str], matches: int) -> list[Features | Result]:
    return list(schedule(chain.from_iterable(played(competition, matches) for competition in competitions)))


async def create_inputs(bootstrap: str, *names: str) -> None:
    inputs = [by_name(name) for name in names or FEEDS]
    await topic_admin.create(bootstrap, partitions=PARTITIONS, replication=1, topics=inputs)


async def arrived(bootstrap: str) -> dict[tuple[str, int], list[Features | Result]]:
    """What is in the input topics, by topic and partition, in order."""
    found: dict[tuple[str, int], list[Features | Result]] = {}
    for topic in FEEDS:
        for record in await topics.read_all(bootstrap, topic):
            assert record.value is not None
            event = decode(KIND_OF_TOPIC[topic], record.value)
            assert isinstance(event, Features | Result)
            assert record.key == event.competition.encode()
            assert dict(record.headers) == {MESSAGE_ID: content_id(topic, record.value).encode()}
            found.setdefault((topic, record.partition), []).append(event)
    return found


def expected(sent: list[Features | Result]) -> dict[tuple[str, int], list[Features | Result]]:
    found: dict[tuple[str, int], list[Features | Result]] = {}
    for event in sent:
        topic = FEATURES if isinstance(event, Features) else RESULTS
        partition = (MURMUR2[event.competition] & 0x7FFFFFFF) % PARTITIONS
        found.setdefault((topic, partition), []).append(event)
    return found


async def test_events_arrive_in_order_in_the_partitions_of_the_java_client(clean_kafka: str) -> None:
    await create_inputs(clean_kafka)
    sent = events(MURMUR2, 60)
    async with Publisher(clean_kafka, window=64) as publisher:
        for event in sent:
            await publisher.send(event)
    assert len(sent) == 600
    assert await arrived(clean_kafka) == expected(sent)


def test_the_package_has_nothing_else_to_give() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'Postman'"):
        feeds.Postman  # noqa: B018  that it is not there is the point


async def test_after_a_flush_the_brokers_have_everything(clean_kafka: str) -> None:
    await create_inputs(clean_kafka)
    sent = events(["foobar"], 5)
    async with Publisher(clean_kafka) as publisher:
        for event in sent:
            await publisher.send(event)
        await publisher.flush()
        assert await arrived(clean_kafka) == expected(sent)


async def test_topics_that_are_missing_are_told_with_the_way_to_make_them(clean_kafka: str) -> None:
    await create_inputs(clean_kafka, FEATURES)
    with pytest.raises(InvalidInput, match="has no topic match-results: make them with `stream-app topics create`"):
        async with Publisher(clean_kafka):
            pytest.fail("there is nothing to publish to")


async def test_a_broker_that_is_away_is_worth_another_try() -> None:
    (port,) = free_ports(None)
    with pytest.raises(Retryable, match=rf"Kafka does not answer at 127\.0\.0\.1:{port}"):
        async with Publisher(f"127.0.0.1:{port}"):
            pytest.fail("there is nobody to publish to")


async def test_an_error_between_two_events_comes_through(clean_kafka: str) -> None:
    await create_inputs(clean_kafka)

    async def failing() -> None:
        async with Publisher(clean_kafka) as publisher:
            await publisher.send(events(["foobar"], 1)[0])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await failing()


@pytest.mark.slow
async def test_a_restart_of_the_broker_loses_doubles_and_reorders_nothing(own_broker: Kafka) -> None:
    await create_inputs(own_broker.bootstrap)
    sent = events(MURMUR2, 100)
    async with Publisher(own_broker.bootstrap, window=100) as publisher:
        for event in sent[:500]:
            await publisher.send(event)
        own_broker.stop()
        sending = asyncio.create_task(send_all(publisher, sent[500:]))
        await asyncio.sleep(0.2)
        own_broker.start()
        await sending
    assert await arrived(own_broker.bootstrap) == expected(sent)


@pytest.mark.slow
async def test_messages_that_nobody_confirms_are_given_up(own_broker: Kafka) -> None:
    await create_inputs(own_broker.bootstrap)
    sent = events(["foobar"], 200)

    async def given_up() -> None:
        async with Publisher(own_broker.bootstrap, window=50, patience_s=1.0) as publisher:
            await send_all(publisher, sent[:1])
            await publisher.flush()
            own_broker.stop()
            await send_all(publisher, sent[1:])

    with pytest.raises(Retryable, match=r"Kafka does not take messages at 127.*nothing was confirmed for 1 s"):
        await given_up()


async def send_all(publisher: Publisher, sent: list[Features | Result]) -> None:
    for event in sent:
        await publisher.send(event)
