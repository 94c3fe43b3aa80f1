from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import nullcontext
from time import time
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.consumer import consumer as module
from aiokafka.errors import (
    ConsumerStoppedError,
    GroupAuthorizationFailedError,
    GroupLoadInProgressError,
    NotCoordinatorForGroupError,
)
from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread
from faust.types import TP

from stream_app.agents import faust_client, faust_consumer
from tests.agents.handing import handing_over

LOG = TopicPartition("match-log", 0)


class Brokers:
    """Answer requests for offsets with what was prepared."""

    def __init__(self, *answers: object) -> None:
        self.answers = list(answers)

    async def send(self, *_: object, **__: object) -> object:
        return self.answers.pop(0)


def answer(error_code: int, *offsets: int) -> object:
    topics = [(LOG.topic, [(LOG.partition, offset, "", 0) for offset in offsets])] if offsets else []
    return SimpleNamespace(error_code=error_code, topics=topics)


def coordinator(brokers: Brokers) -> Any:
    """The coordinator that a consumer would make, without a connection."""
    made = module.GroupCoordinator.__new__(module.GroupCoordinator)
    made.group_id, made.coordinator_id, made._client, made._retry_backoff_ms = "workers", 1, brokers, 1
    made.dead = 0

    async def known() -> None:
        made.coordinator_id = 1

    def dead() -> None:
        made.dead += 1

    made.ensure_coordinator_known, made.coordinator_dead = known, dead
    return made


async def test_a_coordinator_that_is_still_loading_is_asked_again_and_not_taken_for_one_without_offsets() -> None:
    loading = GroupLoadInProgressError.errno
    asked = coordinator(Brokers(answer(loading), answer(loading), answer(0, 4711)))
    found = await asked.fetch_committed_offsets([LOG])
    assert found[LOG].offset == 4711


async def test_a_coordinator_that_has_moved_is_looked_for_again() -> None:
    asked = coordinator(Brokers(answer(NotCoordinatorForGroupError.errno), answer(0, 4711)))
    assert (await asked.fetch_committed_offsets([LOG]))[LOG].offset == 4711
    assert asked.dead == 1


async def test_a_group_without_offsets_has_none() -> None:
    assert await coordinator(Brokers(answer(0, -1))).fetch_committed_offsets([LOG]) == {}


async def test_any_other_error_is_raised() -> None:
    refused = GroupAuthorizationFailedError
    with pytest.raises(refused, match="offsets of group workers"):
        await coordinator(Brokers(answer(refused.errno))).fetch_committed_offsets([LOG])


def test_consumers_get_this_coordinator() -> None:
    assert module.GroupCoordinator is faust_client._Coordinator


class Client:
    """A client whose one partition has so many messages, all of them fetched, and gives them out when it is asked."""

    def __init__(self) -> None:
        self._closed, self._max_poll_records = False, 1
        self._fetcher = self._subscriptions = self
        self.state = SimpleNamespace(has_valid_position=True, position=0, highwater=0, timestamp=1000 * time())
        assignment = SimpleNamespace(tps={LOG}, state_value=lambda _: self.state)
        self._subscription = SimpleNamespace(subscription=SimpleNamespace(assignment=assignment))
        self.fetch_context = nullcontext
        self._records: dict[object, object] = {}
        self.brings: dict[object, object] = {}
        self._fetch_min_bytes, self._fetch_max_wait_ms = 1, faust_client.FETCH_MAX_WAIT_MS

    def take(self, count: int) -> None:
        """What the client does when messages have come and are taken."""
        self.state.position = self.state.highwater = self.state.highwater + count
        self.state.timestamp = 1000 * (time() + 1)

    async def fetched_records(self, *_: object, **__: object) -> dict[object, object]:
        return self.brings


def consumer_of(client: Client) -> faust_consumer.PlacesConsumer:
    thread: Any = faust_client.Client.__new__(faust_client.Client)
    thread.consumer = SimpleNamespace(flow_active=True)
    thread._consumer = client
    thread._brought_at = deque(maxlen=faust_client.BUSY_FETCHES)

    async def at_once(method: Any, *args: object, **kwargs: object) -> object:
        return await method(*args, **kwargs)

    thread._ensure_consumer, thread.call_thread = lambda: client, at_once
    consumer = faust_consumer.PlacesConsumer.__new__(faust_consumer.PlacesConsumer)
    consumer._thread, consumer._handed_over, consumer._gaps, consumer._positions = thread, {}, {}, {}
    consumer._due = {}
    consumer._nothing_asked = asyncio.Event()
    return consumer


async def test_an_input_is_not_at_its_end_while_messages_are_on_their_way_from_the_client() -> None:
    client = Client()
    consumer, tp = consumer_of(client), TP(*LOG)
    before = consumer.at_end(tp, 0, since=0.0)
    await consumer._getmany(None, 0.0)
    empty = consumer.at_end(tp, 0, since=0.0)
    client.take(2)
    taken = consumer.at_end(tp, 0, since=0.0)
    await consumer._getmany(None, 0.0)

    assert (before, empty, taken, consumer.at_end(tp, 2, since=0.0)) == (False, True, False, True)


async def test_a_consumer_has_come_to_rest_when_the_fetch_that_was_on_its_way_is_back() -> None:
    # It could bring messages from a place to which somebody moves the partitions after that.
    consumer: Any = consumer_of(Client())
    consumer.can_resume_flow, consumer.suspend_flow = asyncio.Event(), asyncio.Event()
    back = asyncio.Event()

    async def getmany(*_: object) -> dict[TP, list[object]]:
        await back.wait()
        return {}

    consumer._thread = SimpleNamespace(getmany=getmany, positions={})
    fetching = asyncio.create_task(consumer._getmany({TP(*LOG)}, 0.1))
    await asyncio.sleep(0)
    resting = asyncio.create_task(consumer.come_to_rest())
    await asyncio.sleep(0.01)
    assert (consumer.flow_active, resting.done()) == (False, False)
    back.set()
    await asyncio.wait_for(resting, 5)
    assert fetching.done()


async def test_messages_that_are_here_and_not_received_are_held() -> None:
    client = Client()
    consumer, tp = consumer_of(client), TP(*LOG)
    nothing = consumer.holds(tp, 0)
    client._records = {LOG: object()}
    fetched = consumer.holds(tp, 0)
    client._records = {}
    consumer._note(tp, [SimpleNamespace(offset=0), SimpleNamespace(offset=1)])

    assert (nothing, fetched, consumer.holds(tp, 1), consumer.holds(tp, 2)) == (False, True, True, False)


async def test_a_busy_worker_lets_the_brokers_gather_messages_and_an_idle_one_gets_each_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now, client = 100.0, Client()
    consumer = consumer_of(client)
    monkeypatch.setattr(faust_client, "monotonic", lambda: now)
    client.brings = {TP(*LOG): []}
    asked: list[int] = []
    for pause in [0.004] * 17 + [0.05] * 8:
        now += pause
        await consumer._getmany(None, 0.0)
        asked.append(client._fetch_min_bytes)
    client.brings = {}
    await consumer._getmany(None, 0.0)

    busy = faust_client.GATHER_BYTES
    assert asked[: faust_client.BUSY_FETCHES - 1] == [1] * 15
    assert asked[15:17] == [busy, busy]
    assert asked[17:] == [1] * 8
    assert client._fetch_max_wait_ms == faust_client.FETCH_MAX_WAIT_MS


def test_the_tables_of_an_idle_worker_are_not_taken_for_streams_that_have_stopped() -> None:
    said: list[str] = []
    state = SimpleNamespace(timestamp=1000.0 * 1000, highwater=5, position=3)
    assignment = SimpleNamespace(active=True, state_value=lambda _: state)
    subscription = SimpleNamespace(assignment=assignment)
    client = SimpleNamespace(_fetcher=SimpleNamespace(_subscriptions=SimpleNamespace(subscription=subscription)))
    monitor = SimpleNamespace(stream_inbound_time={})
    conf = SimpleNamespace(stream_processing_timeout=300)
    topics = SimpleNamespace(acks_enabled_for=lambda _: True)
    idle: Any = SimpleNamespace(
        consumer=SimpleNamespace(app=SimpleNamespace(monitor=monitor, topics=topics, conf=conf)),
        time_started=0,
        tp_stream_timeout_secs=300,
        _verify_aiokafka_event_path=lambda *_: False,
        _ensure_consumer=lambda: client,
        _log_slow_processing_stream=lambda message, *_: said.append(message),
    )
    AIOKafkaConsumerThread.verify_event_path(idle, 1000.0, TP("snapshots", 0))
    assert "has not started processing" in said.pop()
    faust_client.Client.verify_event_path(idle, 1000.0, TP("snapshots", 0))
    assert not said


async def test_messages_are_handed_over_at_once_and_once() -> None:
    consumer, handed = handing_over([7, 8, 8, 6, 9])
    await consumer._hand_over_fetched()
    assert handed == [("at once", 7), ("at once", 8), ("at once", 8), ("at once", 9)]
    assert consumer._read_offset[TP(*LOG)] == 9


@pytest.mark.parametrize("held_up", [{"full": True}, {"suspended": True}])
async def test_a_message_that_is_held_up_is_given_up_when_the_flow_is_suspended(held_up: dict[str, bool]) -> None:
    # A rebalance waits for the fetcher, and the fetcher must not wait for an agent that waits for the rebalance.
    consumer, handed = handing_over([7], **held_up)
    await consumer._hand_over_fetched()
    assert handed == [("or given up", 7)]


async def test_a_consumer_that_is_stopped_under_the_fetcher_is_no_error_at_the_end_alone() -> None:
    consumer, _ = handing_over([])

    async def stopped(timeout: float) -> AsyncIterator[tuple[TP, Any]]:  # noqa: ASYNC109  # Faust's signature
        for _ in range(1):
            raise ConsumerStoppedError
        yield TP(*LOG), None

    consumer.getmany = stopped
    with pytest.raises(ConsumerStoppedError):
        await consumer._hand_over_fetched()
    consumer.app.should_stop = True
    await consumer._hand_over_fetched()


async def test_the_client_works_on_the_event_loop_of_whoever_asks_and_not_in_a_thread() -> None:
    loop = asyncio.get_running_loop()
    consumer: Any = SimpleNamespace(transport=SimpleNamespace(app=SimpleNamespace()))
    client = faust_client.Client.__new__(faust_client.Client)
    client.__post_init__ = lambda: None  # type: ignore[method-assign]  # it asks for an application
    faust_client.Client.__init__(client, consumer, loop=loop)
    assert client.thread_loop is client.parent_loop is loop

    async def of_a_coroutine() -> object:
        return asyncio.get_running_loop()

    assert await client.call_thread(of_a_coroutine) is loop
    assert await client.call_thread(asyncio.get_running_loop) is loop  # type: ignore[arg-type]  # aiokafka has such, too
