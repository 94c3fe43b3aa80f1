"""A consumer that hands messages over to nobody, and remembers how."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Coroutine
from types import SimpleNamespace
from typing import Any

from aiokafka.errors import ConsumerStoppedError
from faust.types import TP
from mode.utils.queues import FlowControlEvent

from stream_app.agents.faust_consumer import PlacesConsumer

LOG = TP("match-log", 0)

Handed = list[tuple[str, int]]


class Fetching:
    """The client's part: what is told to it."""

    def __init__(self) -> None:
        self.told: list[tuple[str, int]] = []

    def leave_out(self, tp: TP) -> None:
        self.told.append(("leave out", tp.partition))

    def read_on(self, tp: TP, place: int) -> None:
        self.told.append(("read on", place))


def handing_over(offsets: list[int], *, full: bool = False, suspended: bool = False) -> tuple[Any, Handed]:
    """A consumer that has fetched messages with these offsets, and how each of them was handed over."""
    consumer: Any = PlacesConsumer.__new__(PlacesConsumer)
    handed: Handed = []
    flow = FlowControlEvent(initially_suspended=suspended)
    flow.clear()
    topic = SimpleNamespace(queue=SimpleNamespace(full=lambda: full))
    topics = type("Topics", (list,), {"_tp_to_callback_lock": asyncio.Lock()})([topic])
    consumer.app = SimpleNamespace(
        flow_control=flow, topics=topics, should_stop=False, in_recovery=False, consumer_generation_id=3
    )
    consumer.suspend_flow, consumer._read_offset = asyncio.Event(), defaultdict(lambda: None)
    consumer.consumer_stopped_errors = (ConsumerStoppedError,)
    consumer.flow_active, consumer._due = True, {}
    consumer._active_partitions, consumer._buffered_partitions = {LOG}, set()
    consumer._handed_over, consumer._gaps = {}, {}
    consumer._thread = Fetching()

    async def getmany(timeout: float) -> AsyncIterator[tuple[TP, Any]]:  # noqa: ASYNC109  # Faust's signature
        for offset in offsets:
            yield LOG, SimpleNamespace(offset=offset)

    async def callback(message: Any) -> None:
        handed.append(("at once", message.offset))

    async def wait_first(callback: Coroutine[Any, Any, None], suspended: Coroutine[Any, Any, None]) -> None:
        await callback
        suspended.close()
        _, offset = handed.pop()
        handed.append(("or given up", offset))

    consumer.getmany, consumer.callback, consumer.wait_first = getmany, callback, wait_first
    return consumer, handed
