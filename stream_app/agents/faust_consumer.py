"""How this service reads through Faust: what it hands on, and what it commits.

Each item says why it is there and was seen with faust-streaming 0.15.3 and aiokafka 0.14.0.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any, cast

import faust
from aiokafka.structs import RecordMetadata
from faust.transport.conductor import Conductor
from faust.transport.consumer import RecordMap
from faust.transport.drivers.aiokafka import Consumer
from faust.types import TP, Message
from faust.types.tuples import ConsumerMessage
from mode.types import ServiceT

from stream_app.agents.faust_client import Client

GETMANY_S = 0.1
"""Longest wait of Faust's loop for fetched messages, in seconds."""

TURN = 32
"""Messages after which whoever hands them on gives the event loop a turn."""


Headers = list[tuple[str, bytes]]


class PlacesConsumer(Consumer):
    """A Faust consumer that commits only what it is told to.

    Faust commits on its own what streams have acknowledged, and acknowledges by itself messages that it skips around a
    rebalance. What is read for good is known here exactly (an input when the log has it, the log when a checkpoint has
    it), so acknowledgements are turned off and `commit_places` is the only way to commit.
    """

    _thread: Client

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._handed_over: dict[TP, int] = {}
        self._gaps: dict[TP, dict[int, int | None]] = {}
        self._positions: Mapping[TP, int] = {}
        self._due: dict[TP, int] = {}
        self._nothing_asked = asyncio.Event()
        self._nothing_asked.set()

    def _new_consumer_thread(self) -> Client:
        return Client(self, loop=self.loop, beacon=self.beacon)

    def ack(self, message: Message) -> bool:
        return False

    async def committed(self, partitions: Iterable[TP]) -> dict[TP, int | None]:
        """The group's committed offsets; None where it has none."""
        return await self._thread.committed(partitions)

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
                if message.offset < self._due.get(tp, 0):
                    continue
                if self._is_free():
                    await self.callback(message)
                else:
                    await self.wait_first(self.callback(message), self.suspend_flow.wait())
                self._read_offset[tp] = message.offset
                # Not before: no message of this worker may overtake one that was held up.
                if tp in self._due:
                    self._due[tp] = max(self._due[tp], message.offset + 1)
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

    def begin(self, tp: TP, place: int) -> None:
        """Hand `tp` over from `place` on, also what this worker has written itself."""
        self._due[tp] = place

    async def hand_over_own(self, written: RecordMetadata, key: bytes, value: bytes, headers: Headers) -> None:
        """Hand over a message that this worker has written, so that it need not be fetched.

        The brokers have confirmed it: it is what they would give out at its offset. While what this worker writes is
        all that there is, nothing is fetched of the partition. A message that is not the next one (another worker has
        written before it), and one that cannot be handed over at once, is fetched like any other.
        """
        tp = TP(written.topic, written.partition)
        due = self._due.get(tp)
        if due is None or tp in self._buffered_partitions:
            return
        # An idempotent producer may be told that a message is there already, and not where.
        is_placed = written.log_start_offset is not None and written.log_start_offset >= 0
        if is_placed and written.offset < due:
            return
        if not (is_placed and written.offset == due and self.flow_active and self._is_free()):
            self._thread.read_on(tp, due)
            return
        self._due[tp] = due + 1
        self._thread.leave_out(tp)
        record = (tp.topic, tp.partition, due, written.timestamp / 1000.0, written.timestamp_type)
        generation = self.app.consumer_generation_id
        await self.callback(ConsumerMessage(*record, headers, key, value, None, tp=tp, generation_id=generation))

    def read_on(self) -> None:
        """Fetch what others may have written, wherever nothing was fetched because this worker wrote it."""
        for tp, due in self._due.items():
            self._thread.read_on(tp, due)

    def on_buffer_drop(self, tp: TP) -> None:
        super().on_buffer_drop(tp)
        if tp in self._due:
            self._thread.read_on(tp, self._due[tp])

    async def _getmany(self, active_partitions: set[TP] | None, timeout: float) -> RecordMap:  # noqa: ASYNC109  # Faust's signature
        # Faust waits up to a second for the partitions that are active when the call begins, and one that becomes
        # active meanwhile has to wait as long.
        self._nothing_asked.clear()
        try:
            records = await super()._getmany(active_partitions, min(timeout, GETMANY_S))
        finally:
            self._nothing_asked.set()
        for tp, of_partition in records.items():
            # There are always gaps in what is fetched of a partition that is handed over without being fetched as well.
            if tp not in self._due:
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
        self._due.clear()
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
        # Of what is not fetched nobody says where it ends.
        ends = self._thread.ends()
        ends |= {tp: max(due, ends.get(tp, 0)) for tp, due in self._due.items()}
        return {(tp.topic, tp.partition): max(ends[tp] - place, 0) for tp, place in settled.items() if tp in ends}

    def holds(self, tp: TP, received: int) -> bool:
        """Whether there are messages of `tp` in this process that are not among those before `received`."""
        return received < self._handed_over.get(tp, 0) or self._thread.holds(tp)

    def at_end(self, tp: TP, received: int, since: float) -> bool:
        """Whether, after `since`, the brokers had nothing of `tp` that is not among the messages before `received`."""
        # The client is ahead: what it has taken and not handed over yet is not at the end.
        position = self._positions.get(tp)
        exhausted_at = None if position is None else self._thread.exhausted_at(tp, position)
        return exhausted_at is not None and exhausted_at > since and received >= self._handed_over.get(tp, 0)


def places_consumer(app: faust.App) -> PlacesConsumer:
    """The consumer of an application that uses `EdgeTransport`."""
    return cast(PlacesConsumer, app.consumer)
