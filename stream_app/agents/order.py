"""The order agent: checks what comes in, merges the inputs by event time and appends them to the match-log.

It owns no decision but the order. What it has appended is on record for good. Once the brokers have confirmed that, and
not before, an input message is marked as read, and its entry is handed to the agents on the log.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from time import monotonic

import faust
from aiokafka.structs import RecordMetadata
from faust.types import TP, Message, StreamT

from stream_app import metrics
from stream_app.agents.faust_consumer import PlacesConsumer, places_consumer
from stream_app.agents.faust_edge import messages
from stream_app.agents.ownership import Ownership
from stream_app.agents.punctuality import Punctuality
from stream_app.contracts import KIND_OF_TOPIC, encode, event_time, parse
from stream_app.durability import fail_points
from stream_app.durability.artefact import refusal_of
from stream_app.durability.future import refuse_the_future
from stream_app.durability.guards import Fence, OffsetGuard
from stream_app.durability.log import NO_SOURCE, Entry, source_of
from stream_app.durability.merge import EventTimeMerge
from stream_app.errors import InvalidInput
from stream_app.events import Configure, ModelCommand, name_id
from stream_app.partitioning import partition_of
from stream_app.settings import Settings
from stream_app.topics import DEAD_LETTERS, INPUTS, LOG

BATCH = 512
"""Messages that are appended together."""

UNCONFIRMED = 8
"""Batches that may be on their way to the brokers before appending waits for them."""

QUEUE_FULL, QUEUE_DROPPED = 1_024, 512
"""Waiting messages of an input partition at which fetching it stops, and goes on again."""

POLL_S = 0.005
"""Seconds between two looks whether an input that is waited for has reached its end. It is most of what a match waits
for in a quiet stream; a look takes some microseconds."""

LIVE = timedelta(minutes=10)
"""Longest time between an event and its message for which the message counts as sent when it happened."""

_AT_ONCE = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class _Waiting:
    """An input message on its way: into the log, or to the dead letters when `entry` is None."""

    message: Message
    entry: Entry | None
    reason: str
    kind: str = ""


@dataclass(frozen=True, slots=True)
class _Appended:
    """A batch on its way to the brokers: what they have to confirm, and what of it are entries of the log."""

    batch: list[_Waiting]
    sent: list[tuple[Awaitable[RecordMetadata], Entry | None]]
    epoch: int


class Orderer:
    """Takes input messages from the order agent and appends them to the log."""

    def __init__(
        self, app: faust.App, settings: Settings, ownership: Ownership, fence: Fence, punctuality: Punctuality
    ) -> None:
        self._app = app
        self._settings = settings
        self._signing_key = settings.snapshot_key.get_secret_value().encode()
        self._ownership = ownership
        self._fence = fence
        self._prefix = settings.topic_prefix
        self._punctuality = punctuality
        self._ordered = {topic: metrics.ENTRIES_ORDERED.labels(topic) for topic in INPUTS}
        self._ahead = timedelta(days=settings.ahead_days)
        self._sources = {topic: source_of(topic, settings.input_generation) for topic in INPUTS}
        self._guard = OffsetGuard("order")
        self._merges: dict[int, EventTimeMerge[_Waiting]] = {}
        self._configured: set[str] = set()
        self._arrived = asyncio.Event()
        self._places: dict[TP, int] = {}
        self._unconfirmed: asyncio.Queue[_Appended] = asyncio.Queue(UNCONFIRMED)

    @property
    def _consumer(self) -> PlacesConsumer:
        return places_consumer(self._app)

    def begin(self, places: Mapping[TP, int]) -> None:
        """The input partitions in `places` are ours; reading begins at these offsets."""
        for tp, place in places.items():
            self._guard.expect(tp.topic.removeprefix(self._prefix), tp.partition, place)
            self._merges.setdefault(
                tp.partition,
                EventTimeMerge(
                    INPUTS,
                    idle=self._settings.merge_idle_s,
                    patience=self._settings.live_patience_s,
                    now=monotonic(),
                ),
            )

    def clear(self) -> None:
        """The partitions are taken away: forget all that is not in the log."""
        self._guard.clear()
        self._merges.clear()
        self._configured.clear()
        self._places.clear()
        self._punctuality.clear()
        self._consumer.forget()

    async def read(self, stream: StreamT[bytes]) -> None:
        """The agent's body. Never blocks, so that no input can hold another one up."""
        async for message in messages(stream, self._prefix):
            self._receive(message)

    def take_places(self) -> dict[TP, int]:
        """The places up to which the inputs are in the log, where they changed since the last call."""
        places, self._places = self._places, {}
        return places

    def unread(self) -> dict[tuple[str, int], int]:
        """Messages of each input partition that are not on their way into the log yet."""
        settled: dict[TP, int] = {}
        for partition, merge in list(self._merges.items()):
            for source in INPUTS:
                if (received := self._guard.next_offset(source, partition)) is not None:
                    settled[TP(self._prefix + source, partition)] = received - merge.waiting(source)
        return self._consumer.unread(settled)

    async def run(self) -> None:
        """Append what has been received, for ever; `confirm` sees to the rest."""
        while True:
            batch = self._take()
            if batch:
                await self._append(batch)
            elif any(merge.waiting(source) for merge in self._merges.values() for source in INPUTS):
                await asyncio.sleep(POLL_S)
            else:
                self._arrived.clear()
                await self._arrived.wait()

    def _receive(self, message: Message) -> None:
        # Compaction and transactions leave gaps in the offsets of an input. They are no losses when the brokers handed
        # the messages on both sides of the gap out one after the other.
        expected = self._guard.next_offset(message.topic, message.partition)
        no_loss = expected is not None and self._consumer.is_gap(TP(*message.tp), expected, message.offset)
        if not self._guard.admit(message.topic, message.partition, message.offset, gaps_allowed=no_loss):
            return
        time, waiting = self._check(message)
        live = waiting.entry is None or abs(datetime.fromtimestamp(message.timestamp, UTC) - time) < LIVE
        length = self._merges[message.partition].offer(message.topic, time, waiting, now=monotonic(), live=live)
        if length >= QUEUE_FULL:
            self._consumer.on_buffer_full(TP(*message.tp))
        self._arrived.set()

    def _check(self, message: Message) -> tuple[datetime, _Waiting]:
        try:
            event = parse(message.topic, message.key, message.value, max_bytes=self._settings.max_message_bytes)
            right = partition_of(event.competition.encode(), self._settings.partitions)
            if message.partition != right:
                raise InvalidInput(
                    f"partition {message.partition}: a message of competition {event.competition!r} belongs in"
                    f" partition {right} of {self._settings.partitions} (Kafka's default partitioner on the key)",
                    "partition",
                )
            refuse_the_future(event, message.timestamp, self._ahead)
        except InvalidInput as error:
            # Refused messages keep their turn in their own input and hold the other one up no longer than that.
            return _AT_ONCE, _Waiting(message, None, str(error), error.kind)
        kind, payload = KIND_OF_TOPIC[message.topic], message.value or b""
        if isinstance(event, ModelCommand) and (refusal := refusal_of(event, self._signing_key)) is not None:
            # It keeps its place in the order, so that what became of it can be told like of any other command.
            kind, payload = "refusal", encode(refusal)
        entry = Entry(kind, event.competition, self._sources[message.topic], message.offset, payload)
        return event_time(event), _Waiting(message, entry, "")

    def _take(self) -> list[_Waiting]:
        batch: list[_Waiting] = []
        now = monotonic()
        for partition, merge in self._merges.items():

            def at_end(source: str, since: float, partition: int = partition) -> bool:
                return self._at_end(source, partition, since)

            while len(batch) < BATCH and (taken := merge.take(at_end, now=now)) is not None:
                source, waiting = taken
                batch.append(waiting)
                if merge.waiting(source) < QUEUE_DROPPED:
                    self._consumer.on_buffer_drop(TP(self._prefix + source, partition))
        return batch

    def _at_end(self, source: str, partition: int, since: float) -> bool:
        """Whether, after `since`, the brokers had nothing of this input that has not been received."""
        received = self._guard.next_offset(source, partition)
        if received is None:
            return False
        tp = TP(self._prefix + source, partition)
        if self._consumer.holds(tp, received):
            # On a machine that has much else to do they can take longer than an idle input is waited for.
            self._merges[partition].comes(source, monotonic())
            return False
        return self._consumer.at_end(tp, received, since)

    async def _append(self, batch: list[_Waiting]) -> None:
        appended = _Appended(batch, [], self._ownership.epoch)
        for waiting in batch:
            self._fence.check()
            if waiting.entry is None:
                appended.sent.append((await self._send_dead_letter(waiting), None))
                metrics.DEAD_LETTERS.labels(waiting.message.topic, waiting.kind).inc()
                continue
            partition, competition = waiting.message.partition, waiting.entry.competition
            if competition not in self._configured:
                self._configured.add(competition)
                configure = self._configure_entry(competition)
                appended.sent.append((await self._send(configure, partition), configure))
            appended.sent.append((await self._send(waiting.entry, partition), waiting.entry))
            if waiting.entry.kind == "features":
                self._punctuality.came(partition, waiting.message.offset, waiting.message.timestamp)
            self._ordered[waiting.message.topic].inc()
        await self._unconfirmed.put(appended)

    async def confirm(self) -> None:
        """Wait for what has been appended until the brokers have it, and hand it on, for ever."""
        while True:
            appended = await self._unconfirmed.get()
            for sent, entry in appended.sent:
                written = await sent
                if entry is not None and self._ownership.epoch == appended.epoch:
                    await self._consumer.hand_over_own(written, entry.key, entry.payload, entry.headers())
            fail_points.reach(fail_points.INPUT_IN_LOG)
            if self._ownership.epoch == appended.epoch:
                for waiting in appended.batch:
                    self._places[TP(*waiting.message.tp)] = waiting.message.offset + 1
            # Nothing of this need have waited, and whoever reads the log gets its turn here.
            await asyncio.sleep(0)

    async def _send(self, entry: Entry, partition: int) -> Awaitable[RecordMetadata]:
        return await self._app.producer.send(LOG, entry.key, entry.payload, partition, None, entry.headers())

    def _configure_entry(self, competition: str) -> Entry:
        configure = Configure(competition, self._settings.league_config(competition))
        return Entry("configure", competition, NO_SOURCE, -1, encode(configure))

    async def _send_dead_letter(self, waiting: _Waiting) -> Awaitable[RecordMetadata]:
        key, value, headers = dead_letter(waiting.message, waiting.reason)
        return await self._app.producer.send(DEAD_LETTERS, key, value, waiting.message.partition, None, headers)


def dead_letter(message: Message, reason: str) -> tuple[bytes | None, bytes | None, list[tuple[str, bytes]]]:
    """Key, value and headers of the dead letter for a refused message: its own bytes, and where and why it was refused.

    aiokafka sends no record that has neither key nor value; that one gets an empty value.
    """
    value = b"" if message.key is None and message.value is None else message.value
    headers = [
        ("id", name_id("dead-letter", message.topic, message.partition, message.offset).encode()),
        ("topic", message.topic.encode()),
        ("partition", b"%d" % message.partition),
        ("offset", b"%d" % message.offset),
        ("error", reason.encode()),
    ]
    return message.key, value, headers
