"""What a worker has written into the log itself is handed to its agents without being fetched."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.consumer.subscription_state import SubscriptionState
from aiokafka.structs import RecordMetadata

from stream_app.agents.faust_client import Client
from stream_app.feeds.schedule import schedule
from stream_app.log_tools import verify
from stream_app.settings import load
from stream_app.topics import EVALUATIONS, LOG, PREDICTIONS
from tests.agents import handing
from tests.agents.handing import handing_over
from tests.chaos.watch import Group
from tests.support import topics
from tests.support.matches import played
from tests.support.service import expected, send, until_published, worker
from tests.support.waiting import until


def written(offset: int, log_start_offset: int | None = 0) -> RecordMetadata:
    tp = TopicPartition(*handing.LOG)
    return RecordMetadata(tp.topic, tp.partition, tp, offset, 1_700_000_000_000, 0, log_start_offset)


async def hand_over_own(consumer: Any, *offsets: int) -> None:
    for offset in offsets:
        await consumer.hand_over_own(written(offset), b"alpha", b"{}", [("kind", b"features")])


async def test_own_messages_are_handed_over_in_turn_and_nothing_is_fetched() -> None:
    consumer, handed = handing_over([])
    consumer.begin(handing.LOG, 7)
    await hand_over_own(consumer, 7, 8)
    assert handed == [("at once", 7), ("at once", 8)]
    assert set(consumer._thread.told) == {("leave out", 0)}


async def test_an_own_message_is_what_would_have_been_fetched() -> None:
    consumer, _ = handing_over([])
    came: list[Any] = []

    async def callback(message: Any) -> None:
        came.append(message)

    consumer.callback = callback
    consumer.begin(handing.LOG, 7)
    await hand_over_own(consumer, 7)
    (message,) = came
    assert (message.topic, message.partition, message.offset, message.tp) == (*handing.LOG, 7, handing.LOG)
    assert (message.key, message.value, message.headers) == (b"alpha", b"{}", [("kind", b"features")])
    assert (message.timestamp, message.generation_id) == (1_700_000_000.0, 3)


async def test_what_was_handed_over_as_an_own_message_and_what_was_fetched_before_are_not_handed_over_again() -> None:
    consumer, handed = handing_over([7, 8, 9])
    consumer.begin(handing.LOG, 7)
    await hand_over_own(consumer, 7)
    await consumer._hand_over_fetched()
    await hand_over_own(consumer, 8, 9, 10)
    assert [offset for _, offset in handed] == [7, 8, 9, 10]


async def test_a_message_of_another_worker_is_fetched_before_the_own_ones_that_come_after_it() -> None:
    consumer, handed = handing_over([8, 9])
    consumer.begin(handing.LOG, 7)
    await hand_over_own(consumer, 7, 9)
    assert [offset for _, offset in handed] == [7]
    assert consumer._thread.told[-1] == ("read on", 8)

    await consumer._hand_over_fetched()
    await hand_over_own(consumer, 10)
    assert [offset for _, offset in handed] == [7, 8, 9, 10]
    assert consumer._thread.told[-1] == ("leave out", 0)


async def test_an_own_message_does_not_overtake_a_fetched_one_that_is_held_up() -> None:
    consumer, handed = handing_over([7], full=True)
    consumer.begin(handing.LOG, 7)
    resumed = asyncio.Event()

    async def held_up(callback: Any, suspended: Any) -> None:
        suspended.close()
        await resumed.wait()
        await callback

    consumer.wait_first = held_up
    fetching = asyncio.create_task(consumer._hand_over_fetched())
    await asyncio.sleep(0)
    # There is room again, and the one that waits for it has not noticed yet.
    consumer.app.topics[0].queue.full = lambda: False
    await hand_over_own(consumer, 8)
    assert (handed, consumer._thread.told) == ([], [("read on", 7)])
    resumed.set()
    await fetching
    await hand_over_own(consumer, 8)
    assert [offset for _, offset in handed] == [7, 8]


async def test_a_fetched_message_that_comes_late_does_not_turn_own_ones_back() -> None:
    consumer, handed = handing_over([7], full=True)
    consumer.begin(handing.LOG, 7)

    async def held_up(callback: Any, suspended: Any) -> None:
        suspended.close()
        consumer.app.topics[0].queue.full = lambda: False
        await hand_over_own(consumer, 7, 8)
        await callback

    consumer.wait_first = held_up
    await consumer._hand_over_fetched()
    await hand_over_own(consumer, 9)
    # The one that came twice is dropped by whoever reads the log.
    assert [offset for _, offset in handed] == [7, 8, 7, 9]


@pytest.mark.parametrize("held_up", [{"full": True}, {"suspended": True}])
async def test_an_own_message_that_is_held_up_is_fetched_later(held_up: dict[str, bool]) -> None:
    consumer, handed = handing_over([], **held_up)
    consumer.begin(handing.LOG, 7)
    await hand_over_own(consumer, 7)
    assert (handed, consumer._thread.told) == ([], [("read on", 7)])


async def test_an_own_message_is_fetched_later_while_the_partitions_are_being_moved() -> None:
    consumer, handed = handing_over([])
    consumer.begin(handing.LOG, 7)
    consumer.flow_active = False
    await hand_over_own(consumer, 7)
    assert (handed, consumer._thread.told) == ([], [("read on", 7)])


@pytest.mark.parametrize(("offset", "log_start_offset"), [(0, -1), (0, None), (-1, -1)])
async def test_an_own_message_of_which_the_brokers_do_not_say_where_it_is_is_fetched(
    offset: int, log_start_offset: int | None
) -> None:
    consumer, handed = handing_over([])
    consumer.begin(handing.LOG, 0)
    await consumer.hand_over_own(written(offset, log_start_offset), b"alpha", b"{}", [])
    assert (handed, consumer._thread.told) == ([], [("read on", 0)])


async def test_nothing_is_handed_over_of_partitions_that_are_not_there_yet_or_have_been_taken_away() -> None:
    consumer, handed = handing_over([])
    await hand_over_own(consumer, 7)
    consumer.begin(handing.LOG, 7)
    consumer.forget()
    await hand_over_own(consumer, 7)
    assert (handed, consumer._thread.told) == ([], [])


async def test_when_too_many_messages_wait_the_rest_is_fetched_once_some_of_them_are_done() -> None:
    consumer, handed = handing_over([])
    consumer.begin(handing.LOG, 7)
    await hand_over_own(consumer, 7)
    consumer.on_buffer_full(handing.LOG)
    await hand_over_own(consumer, 8)
    assert consumer._thread.told == [("leave out", 0)]
    consumer.on_buffer_drop(handing.LOG)
    assert handed == [("at once", 7)]
    assert consumer._thread.told == [("leave out", 0), ("read on", 8)]


async def test_gaps_between_what_is_fetched_are_not_noted_where_own_messages_are_in_between() -> None:
    # It would be more and more of them for as long as the worker lives.
    consumer, _ = handing_over([])
    consumer.begin(handing.LOG, 7)
    consumer._nothing_asked = asyncio.Event()

    async def fetched(offset: int) -> None:
        async def getmany(*_: object) -> dict[TopicPartition, list[Any]]:
            return {TopicPartition(*handing.LOG): [SimpleNamespace(offset=offset)]}

        consumer._thread = SimpleNamespace(getmany=getmany, positions={})
        await consumer._getmany({handing.LOG}, 0.0)

    for offset in (7, 11, 15):
        await fetched(offset)
    assert consumer._gaps == {}


def test_the_end_of_a_partition_of_which_nothing_is_fetched_is_known() -> None:
    consumer, _ = handing_over([])
    consumer._thread = SimpleNamespace(ends=lambda: {handing.LOG: 5})
    before = consumer.unread({handing.LOG: 4})
    consumer.begin(handing.LOG, 9)
    assert (before, consumer.unread({handing.LOG: 4})) == ({handing.LOG: 1}, {handing.LOG: 5})


async def test_the_client_leaves_a_partition_out_until_it_is_read_on() -> None:
    subscriptions, tp = SubscriptionState(), TopicPartition(*handing.LOG)
    client: Any = Client.__new__(Client)
    client._ensure_consumer = lambda: SimpleNamespace(_subscription=subscriptions)
    client.leave_out(handing.LOG)
    client.read_on(handing.LOG, 3)

    subscriptions.subscribe({handing.LOG.topic})
    subscriptions.assign_from_subscribed([tp])
    subscriptions.seek(tp, 5)
    state = subscriptions.subscription.assignment.state_value(tp)
    client.read_on(handing.LOG, 3)
    assert (state.paused, state.position) == (False, 5)
    client.leave_out(handing.LOG)
    assert state.paused
    client.read_on(handing.LOG, 9)
    assert (state.paused, state.position) == (False, 9)


async def repeat_an_entry(bootstrap: str) -> None:
    """Write the first entry of each partition again, like a worker that was frozen and has come to life."""
    firsts: dict[int, Any] = {}
    for record in await topics.read_all(bootstrap, LOG):
        firsts.setdefault(record.partition, record)
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all")
    await producer.start()
    try:
        for partition, first in firsts.items():
            await producer.send_and_wait(LOG, first.value, first.key, partition, headers=list(first.headers))
    finally:
        await producer.stop()


@pytest.mark.slow(15)
async def test_what_another_worker_writes_into_the_log_is_applied_in_its_place(
    broker_with_topics: str, tmp_path: Path
) -> None:
    names = [f"league-{number}" for number in range(8)]
    matches = [match for name in names for match in played(name, 60)]
    events = list(schedule(matches))
    parts = 6
    settings = load(app_id=f"app-{tmp_path.name}")
    with worker(broker_with_topics, tmp_path) as running:
        for part in range(parts):
            await send(broker_with_topics, events[len(events) * part // parts : len(events) * (part + 1) // parts])
            await until_published(broker_with_topics, PREDICTIONS, len(matches) * part // parts or 1)
            await repeat_an_entry(broker_with_topics)
        found = await until_published(broker_with_topics, EVALUATIONS, len(matches))

        # The last entries are those of somebody else, and none of this worker's own comes after them.
        async with Group(broker_with_topics, settings.group, 4) as group:

            async def on_record() -> bool:
                return await group.behind((LOG,)) == 0

            await until(on_record, "the place of the log's end is committed")
        running.require_running()
        report = await verify(settings, broker_with_topics)

    assert report.holds
    assert found.values == expected(matches).values
    assert found.differing == []
    partitions = {record.partition for record in await topics.read_all(broker_with_topics, LOG)}
    assert len(await topics.read_all(broker_with_topics, LOG)) == len(events) + len(names) + parts * len(partitions)
