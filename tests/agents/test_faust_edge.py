"""What agents get to read."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from types import SimpleNamespace
from typing import Any

from mode.utils.queues import FlowControlEvent

from stream_app.agents.faust_edge import messages


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
