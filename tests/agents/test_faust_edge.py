"""What agents get to read, and what they send."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import faust
import pytest
from faust.exceptions import NotReady
from mode.utils.queues import FlowControlEvent
from yarl import URL

from stream_app.agents.faust_edge import EdgeTransport, messages


def stream(*generations: int, before: Callable[[Any, int], None] = lambda *_: None) -> Any:
    """A stream of one message of each of `generations` of the group, in which generation 2 is the present one.

    `before` is told the application and the number of each message before it comes.
    """
    flow = FlowControlEvent()
    flow.resume()
    app = SimpleNamespace(consumer_generation_id=2, flow_control=flow)

    async def channel() -> AsyncIterator[Any]:
        for number, generation in enumerate(generations):
            before(app, number)
            message = SimpleNamespace(generation_id=generation, offset=number, topic="here.match-log")
            yield SimpleNamespace(message=message)

    return SimpleNamespace(app=app, channel=channel())


async def test_messages_of_before_a_rebalance_are_left_out() -> None:
    assert [message.offset async for message in messages(stream(1, 2, 2, 1, 2))] == [1, 2, 4]


async def test_messages_are_left_out_while_the_flow_is_suspended() -> None:
    def before(app: Any, number: int) -> None:
        if number == 1:
            app.flow_control.suspend()
        if number == 3:
            app.flow_control.resume()

    assert [message.offset async for message in messages(stream(2, 2, 2, 2, before=before))] == [0, 3]


async def test_a_topic_is_named_without_the_prefix() -> None:
    assert [message.topic async for message in messages(stream(2), "here.")] == ["match-log"]


async def test_what_is_sent_after_the_producer_was_stopped_waits_for_the_end_of_the_worker(tmp_path: Path) -> None:
    brokers = [URL("kafka://127.0.0.1:1")]
    app = faust.App("ends", broker=brokers, datadir=str(tmp_path), web_enabled=False, store="memory://")
    producer = EdgeTransport(brokers, app).create_producer()
    with pytest.raises(NotReady):
        await producer.send("log", None, b"", 0, None, None)
    await producer.stop()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(producer.send("log", None, b"", 0, None, None), 0.1)
