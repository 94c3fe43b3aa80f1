"""How this service reads through Faust: what it hands on, and what it commits.

Each item says why it is there and was seen with faust-streaming 0.15.3 and aiokafka 0.14.0.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable, Mapping
from time import monotonic, time
from types import MappingProxyType
from typing import Any, cast

import aiokafka
import faust
from aiokafka.consumer.group_coordinator import GroupCoordinator
from aiokafka.errors import NoError, NotCoordinatorForGroupError, for_code
from aiokafka.protocol.commit import OffsetFetchRequest
from faust.transport.conductor import Conductor
from faust.transport.consumer import RecordMap
from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread, Consumer, Transport
from faust.types import TP, Message
from mode.types import ServiceT

FETCH_MAX_WAIT_MS = 50
"""Longest wait of a fetch, in milliseconds. Faust fixes it at 1,500, which is then the latency of sparse traffic."""

GATHER_BYTES, GATHER_MS = 65_536, 2
"""How much the brokers gather for a worker that is busy, and for how long at the most: else it would fetch nearly every
message alone, which takes a tenth of its time."""

BUSY_FETCHES, BUSY_S = 16, 0.08
"""A worker is busy when so many fetches have brought something in so many seconds."""

GETMANY_S = 0.1
"""Longest wait of Faust's loop for fetched messages, in seconds."""

TURN = 32
"""Messages after which whoever hands them on gives the event loop a turn."""


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


class _ConsumerThread(AIOKafkaConsumerThread):
    """Fetches with a short wait, and answers where the group stands."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._brought_at: deque[float] = deque(maxlen=BUSY_FETCHES)

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

    async def seek_to_committed(self) -> Mapping[TP, int]:
        return await self.call_thread(self._seek_to_committed)  # type: ignore[no-any-return]  # untyped in mode

    async def _seek_to_committed(self) -> dict[TP, int | None]:
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

    def _states(self) -> list[tuple[TP, Any]]:
        subscription = self._ensure_consumer()._subscription.subscription
        assignment = subscription and subscription.assignment
        return [(TP(*tp), assignment.state_value(tp)) for tp in assignment.tps] if assignment else []

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
        subscription = self._ensure_consumer()._subscription.subscription
        state = subscription and subscription.assignment.state_value(aiokafka.TopicPartition(*tp))
        if not state or not state.has_valid_position or state.timestamp is None:
            return None
        # Read first, as the other thread writes it last: an answer must not count with the time of the next one.
        answered = float(state.timestamp) / 1000.0
        if state.highwater > position or state.position != position:
            return None
        return monotonic() - (time() - answered)


class PlacesConsumer(Consumer):
    """A Faust consumer that commits only what it is told to.

    Faust commits on its own what streams have acknowledged, and acknowledges by itself messages that it skips around a
    rebalance. What is read for good is known here exactly (an input when the log has it, the log when a checkpoint has
    it), so acknowledgements are turned off and `commit_places` is the only way to commit.
    """

    _thread: _ConsumerThread

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._handed_over: dict[TP, int] = {}
        self._gaps: dict[TP, dict[int, int | None]] = {}
        self._positions: Mapping[TP, int] = {}
        self._nothing_asked = asyncio.Event()
        self._nothing_asked.set()

    def _new_consumer_thread(self) -> _ConsumerThread:
        return _ConsumerThread(self, loop=self.loop, beacon=self.beacon)

    def ack(self, message: Message) -> bool:
        return False

    async def committed(self, partitions: Iterable[TP]) -> dict[TP, int | None]:
        """The group's committed offsets; None where it has none."""
        return await self._thread.call_thread(self._thread.committed, list(partitions))  # type: ignore[no-any-return]  # untyped in mode

    async def commit_places(self, places: Mapping[TP, int]) -> bool:
        """Commit `places` (the next offsets to read); False when the group has been rebalanced in between."""
        return await self._thread.commit(places)

    async def _drain_messages(self, fetcher: ServiceT) -> None:
        """Hand over what is fetched, for as long as the fetcher runs.

        Faust makes a task for every message, and three more to be told if meanwhile the flow is suspended, which takes
        longer than everything else that it does with it. A message that nothing holds up needs none of them.
        """
        while not (self.should_stop or fetcher.should_stop):
            # The fetch does not let go of the event loop when there is something already.
            await asyncio.sleep(0)
            await self._hand_over_fetched()

    async def _hand_over_fetched(self) -> None:
        handed = 0
        try:
            async for tp, message in self.getmany(timeout=GETMANY_S):
                read = self._read_offset[tp]
                if read is not None and message.offset < read:
                    continue
                if self._is_free():
                    await self.callback(message)
                else:
                    await self.wait_first(self.callback(message), self.suspend_flow.wait())
                self._read_offset[tp] = message.offset
                if (handed := handed + 1) % TURN == 0:
                    await asyncio.sleep(0)
        except self.consumer_stopped_errors:
            if not self.app.should_stop:
                raise

    def _is_free(self) -> bool:
        """Whether a message can be handed to all agents at once."""
        topics = cast(Conductor, self.app.topics)
        return (
            self.app.flow_control.is_active()
            and not topics._tp_to_callback_lock.locked()
            and not any(topic.queue.full() for topic in topics)
        )

    async def _getmany(self, active_partitions: set[TP] | None, timeout: float) -> RecordMap:  # noqa: ASYNC109  # Faust's signature
        # Faust waits up to a second for the partitions that are active when the call begins, and one that becomes
        # active meanwhile has to wait as long.
        self._nothing_asked.clear()
        try:
            records = await super()._getmany(active_partitions, min(timeout, GETMANY_S))
        finally:
            self._nothing_asked.set()
        for tp, of_partition in records.items():
            self._note(TP(*tp), of_partition)
        self._positions = self._thread.positions
        return records

    async def come_to_rest(self) -> None:
        """Stop the flow, and wait until no fetch is on its way that began before.

        One that outlasts a rebalance and takes messages when Faust has just moved the partitions to where it wants to
        read them would come before the flow is resumed, and Faust drops what comes then: it would be missed.
        """
        self.stop_flow()
        await self._nothing_asked.wait()

    def _note(self, tp: TP, records: list[Any]) -> None:
        following = self._handed_over.get(tp)
        gaps = self._gaps.setdefault(tp, {})
        for record in records:
            if record.offset != following:
                gaps[record.offset] = following
            following = record.offset + 1
        if following is not None:
            self._handed_over[tp] = following

    def forget(self) -> None:
        """The partitions are taken away; what was noted of them no longer counts."""
        self._handed_over.clear()
        self._gaps.clear()
        self._positions = {}
        self._buffered_partitions.clear()

    def is_gap(self, tp: TP, expected: int, offset: int) -> bool:
        """Whether the brokers handed `offset` out right after the message before `expected`, or as the first of all."""
        gaps = self._gaps.get(tp, {})
        if offset not in gaps:
            return False
        before = gaps.pop(offset)
        return before is None or before == expected

    def unread(self, settled: Mapping[TP, int]) -> dict[tuple[str, int], int]:
        """Messages of each partition that come after the offset in `settled`; nothing of those never answered for."""
        ends = self._thread.ends()
        return {(tp.topic, tp.partition): max(ends[tp] - place, 0) for tp, place in settled.items() if tp in ends}

    def holds(self, tp: TP, received: int) -> bool:
        """Whether there are messages of `tp` in this process that are not among those before `received`."""
        return received < self._handed_over.get(tp, 0) or self._thread.holds(tp)

    def at_end(self, tp: TP, received: int, since: float) -> bool:
        """Whether, after `since`, the brokers had nothing of `tp` that is not among the messages before `received`."""
        # The client's thread is ahead: what it has taken and not handed over yet is not at the end.
        position = self._positions.get(tp)
        exhausted_at = None if position is None else self._thread.exhausted_at(tp, position)
        return exhausted_at is not None and exhausted_at > since and received >= self._handed_over.get(tp, 0)


def places_consumer(app: faust.App) -> PlacesConsumer:
    """The consumer of an application that uses `EdgeTransport`."""
    return cast(PlacesConsumer, app.consumer)
