"""The client by which this service reads from the brokers, on Faust's own event loop.

Each item says why it is there and was seen with faust-streaming 0.15.3, mode-streaming 0.4.1 and aiokafka 0.14.0.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping
from time import monotonic, time
from types import MappingProxyType
from typing import Any

import aiokafka
from aiokafka.consumer.group_coordinator import GroupCoordinator
from aiokafka.errors import NoError, NotCoordinatorForGroupError, for_code
from aiokafka.protocol.commit import OffsetFetchRequest
from faust.transport.consumer import RecordMap
from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread, Transport
from faust.types import TP
from mode import Service
from mode.utils.futures import maybe_async

FETCH_MAX_WAIT_MS = 50
"""Longest wait of a fetch, in milliseconds. Faust fixes it at 1,500, which is then the latency of sparse traffic."""

GATHER_BYTES, GATHER_MS = 65_536, 2
"""How much the brokers gather for a worker that is busy, and for how long at the most: else it would fetch nearly every
message alone, which takes a tenth of its time."""

BUSY_FETCHES, BUSY_S = 16, 0.08
"""A worker is busy when so many fetches have brought something in so many seconds."""


class _Coordinator(GroupCoordinator):  # type: ignore[misc]  # untyped in aiokafka
    """Knows a group that has no offsets from a coordinator that does not know them yet.

    After a restart the brokers read the group's offsets back, and until then they answer with an error for the whole
    group and no offsets. aiokafka looks only at the errors of partitions; taken for a group without any offsets, it
    would read everything again from the beginning.
    """

    async def _send_req(self, request: object) -> Any:
        answer = await super()._send_req(request)
        if isinstance(request, OffsetFetchRequest):
            error = for_code(getattr(answer, "error_code", NoError.errno))
            if error is NotCoordinatorForGroupError:
                self.coordinator_dead()
            if error is not NoError:
                raise error(f"offsets of group {self.group_id}")
        return answer


# The consumer has no other way to be given a coordinator.
aiokafka.consumer.consumer.GroupCoordinator = _Coordinator


class Client(AIOKafkaConsumerThread):
    """Fetches with a short wait, and answers where the group stands.

    Faust gives the client a thread and an event loop of its own, so that heartbeats go on while an agent computes. Here
    nothing computes for long, and a worker that did must lose its partitions. Only one thread of Python runs at a time,
    so another one makes nothing faster: each fetch was handed over twice, each time when the other thread had paused,
    and that took a tenth of a busy worker's time and a seventh of the way to a prediction.
    """

    # Of a thread, which there is not.
    wait_for_shutdown = False

    def __init__(self, *args: Any, loop: asyncio.AbstractEventLoop, **kwargs: Any) -> None:
        super().__init__(*args, loop=loop, thread_loop=loop, **kwargs)
        self._brought_at: deque[float] = deque(maxlen=BUSY_FETCHES)

    # What a service of mode does that has no thread.

    async def start(self) -> None:
        self._thread_started.set()
        await self._default_start()

    async def stop(self) -> None:
        if self._started.is_set():
            await Service.stop(self)

    async def on_stop(self) -> None:
        await self.on_thread_stop()

    def _stopped_set(self) -> None:
        self._stopped.set()

    async def _stop_children(self) -> None:
        await self._default_stop_children()

    async def _stop_futures(self) -> None:
        await self._default_stop_futures()

    async def _stop_exit_stacks(self) -> None:
        await self._default_stop_exit_stacks()

    async def call_thread(self, fun: Callable[..., Awaitable[Any]], *args: Any, **kwargs: Any) -> Any:
        return await maybe_async(fun(*args, **kwargs))

    # What is ours.

    def verify_event_path(self, now: float, tp: TP) -> None:
        """Report nothing.

        Faust looks whether streams acknowledge, which ours never do, and takes every table of an idle worker for a
        stream that has stopped. Whether a worker does its work is told by its readiness and its lag.
        """

    def _create_worker_consumer(self, transport: Transport) -> aiokafka.AIOKafkaConsumer:
        consumer = super()._create_worker_consumer(transport)
        consumer._fetch_max_wait_ms = FETCH_MAX_WAIT_MS
        return consumer

    def _gather(self) -> None:
        """Let the next fetches wait for some messages when many come, else for the first one."""
        brought = self._brought_at
        is_busy = len(brought) == BUSY_FETCHES and monotonic() - brought[0] < BUSY_S
        fetcher = self._ensure_consumer()._fetcher
        fetcher._fetch_min_bytes = GATHER_BYTES if is_busy else 1
        fetcher._fetch_max_wait_ms = GATHER_MS if is_busy else FETCH_MAX_WAIT_MS

    async def seek_to_committed(self) -> dict[TP, int | None]:  # type: ignore[override]  # Faust knows of no group without offsets
        # aiokafka's own does not seek to a committed offset of 0, and a partition that has to be read from its
        # beginning again would go on where it was.
        places = await self.committed(self.assignment())
        for tp, place in places.items():
            if place is not None:
                self._ensure_consumer().seek(aiokafka.TopicPartition(*tp), place)
        return places

    async def committed(self, partitions: Iterable[TP]) -> dict[TP, int | None]:
        consumer = self._ensure_consumer()
        return {tp: await consumer.committed(aiokafka.TopicPartition(*tp)) for tp in partitions}

    positions: Mapping[TP, int] = MappingProxyType({})
    """Where each partition is to be read on, as it was when the last fetch had taken its messages."""

    async def _fetch_records(self, *args: Any, **kwargs: Any) -> RecordMap:
        records = await super()._fetch_records(*args, **kwargs)
        self.positions = {tp: state.position for tp, state in self._states() if state.has_valid_position}
        if records:
            self._brought_at.append(monotonic())
        self._gather()
        return records

    def leave_out(self, tp: TP) -> None:
        """Fetch nothing of `tp` until it is read on; what has been fetched and not taken is dropped."""
        if (state := self._state(tp)) is not None:
            state.pause()

    def read_on(self, tp: TP, place: int) -> None:
        """Fetch `tp` from `place` on, if it was left out."""
        if (state := self._state(tp)) is not None and state.paused:
            state.seek(place)
            state.resume()

    def _assignment(self) -> Any:
        subscription = self._ensure_consumer()._subscription.subscription
        return subscription and subscription.assignment

    def _states(self) -> list[tuple[TP, Any]]:
        assignment = self._assignment()
        return [(TP(*tp), assignment.state_value(tp)) for tp in assignment.tps] if assignment else []

    def _state(self, tp: TP) -> Any:
        assignment = self._assignment()
        return assignment and assignment.state_value(aiokafka.TopicPartition(*tp))

    def ends(self) -> dict[TP, int]:
        """Where each partition ended when the brokers last said so."""
        return {tp: state.highwater for tp, state in self._states() if state.highwater is not None}

    def holds(self, tp: TP) -> bool:
        """Whether messages of `tp` have been fetched that nobody has taken."""
        return aiokafka.TopicPartition(*tp) in self._ensure_consumer()._fetcher._records

    def exhausted_at(self, tp: TP, position: int) -> float | None:
        """When the brokers last answered that they have nothing of `tp` from `position` on (`time.monotonic` seconds).

        None when the last answer was another one, or something has been taken since. The position, unlike the offset of
        the last message, also passes the marks of transactions and what was compacted away.
        """
        state = self._state(tp)
        if not state or not state.has_valid_position or state.timestamp is None:
            return None
        answered = float(state.timestamp) / 1000.0
        if state.highwater > position or state.position != position:
            return None
        return monotonic() - (time() - answered)
