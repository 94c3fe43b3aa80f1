"""The look at consumer groups, on a real broker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from stream_app.web import groups as groups_module
from stream_app.web.groups import Groups, TopicLag
from tests.support import topics
from tests.support.waiting import until


@pytest.fixture(autouse=True)
def _quick_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(groups_module, "LOOK_S", 0.1)


@asynccontextmanager
async def looking(bootstrap: str, app_id: str) -> AsyncIterator[tuple[Groups, list[str]]]:
    changes: list[str] = []
    groups = Groups(bootstrap, app_id, changes.append)
    task = asyncio.create_task(groups.run())
    try:
        yield groups, changes
    finally:
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


@asynccontextmanager
async def member(bootstrap: str, group: str, topic: str) -> AsyncIterator[AIOKafkaConsumer]:
    consumer = AIOKafkaConsumer(
        topic, bootstrap_servers=bootstrap, group_id=group, auto_offset_reset="earliest", enable_auto_commit=False
    )
    await consumer.start()
    try:
        yield consumer
    finally:
        await consumer.stop()


async def test_groups_of_the_service_tell_who_reads_what_and_how_far(kafka: str) -> None:
    app, topic = topics.fresh_name("app"), topics.fresh_name("log")
    await topics.create(kafka, topic, partitions=2)
    await topics.produce(kafka, [(topic, b"key", b"value")] * 10)
    async with (
        looking(kafka, app) as (groups, changes),
        member(kafka, app, topic) as worker,
        member(kafka, f"{app}-sink", topic),
        member(kafka, f"{app}2", topic),
    ):
        (full,) = [it for it in worker.assignment() if (await worker.end_offsets([it]))[it] == 10]
        await worker.commit({full: 7})
        await until(lambda: [group.name for group in groups.seen] == [app, f"{app}-sink"], "both groups are seen")
        await until(lambda: groups.seen[0].topics == (TopicLag(topic, 7, 3),), "the lag is seen")
        assert groups.seen[0].behind == 3
        (process,) = groups.seen[0].members
        assert process.partitions == {topic: (0, 1)}
        assert process.host == "127.0.0.1"
        assert groups.seen[0].state == "Stable"
        assert set(changes) == {""}


async def test_a_group_without_processes_is_seen_too(kafka: str) -> None:
    app, topic = topics.fresh_name("app"), topics.fresh_name("log")
    await topics.create(kafka, topic)
    async with member(kafka, app, topic) as worker:
        await worker.commit({TopicPartition(topic, 0): 0})
    async with looking(kafka, app) as (groups, _):
        await until(lambda: len(groups.seen) == 1, "the group is seen")
        assert groups.seen[0].members == ()
        assert groups.seen[0].topics == (TopicLag(topic, 0, 0),)
        assert groups.seen[0].state == "Empty"


async def test_while_kafka_does_not_answer_nothing_is_seen_and_nothing_breaks() -> None:
    async with looking("127.0.0.1:9", "app") as (groups, changes):
        await asyncio.sleep(0.5)
        assert groups.seen == ()
        assert changes == []
