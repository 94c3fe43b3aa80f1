"""The keeper: applies each league's log entries in their order, publishes what it says, and keeps checkpoints.

Both agents on the log hand their entries to one barrier. What comes out of it is applied and published, forecasts
first. All other work on the leagues is done in small steps, with entries applied between them, so that no match waits
for it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection
from contextlib import aclosing, suppress
from time import monotonic, perf_counter, thread_time
from typing import NamedTuple, get_args

import faust
import orjson
from faust.types import TP, Message

from stream_app import metrics
from stream_app.agents.checkpoints import Checkpoints
from stream_app.agents.faust_consumer import places_consumer
from stream_app.agents.faust_edge import header_pairs
from stream_app.agents.outbox import Outbox
from stream_app.agents.ownership import Ownership
from stream_app.agents.public_tables import PublicTables
from stream_app.agents.punctuality import Punctuality
from stream_app.agents.shelf import Shelf, spare
from stream_app.agents.tables import Tables
from stream_app.contracts import Kind
from stream_app.durability import fail_points
from stream_app.durability.barrier import Barrier
from stream_app.durability.catching_up import CatchingUp
from stream_app.durability.checkpoint import read_checkpoint, resume_place
from stream_app.durability.guards import Fence, OffsetGuard
from stream_app.durability.log import Entry, read_entry
from stream_app.durability.precedence import Precedence
from stream_app.durability.snapshot import SnapshotRefused, inspect, is_piece, unpack
from stream_app.partitioning import partition_of
from stream_app.settings import Settings
from stream_app.topics import DECAY_ALERTS, EVALUATIONS, LOG, MODEL_EVENTS, PREDICTIONS

log = logging.getLogger(__name__)

OUTPUTS = (PREDICTIONS, EVALUATIONS, DECAY_ALERTS, MODEL_EVENTS)

SLICE = 4
"""Entries of each partition taken from the barrier at a time."""

SHORTLIST = 512
"""Of all entries that wait, so many that have been in the log for the longest time are candidates for the next one."""

TURN_S = 0.02
"""Seconds of applying after which other work gets a turn: heartbeats, fetches, a step of a checkpoint."""

REST = 4
"""How many times as long as a step of a checkpoint took is then for the event loop. A worker that matches keep busy for
four fifths of the time has no more to spare: were the steps closer, matches would queue up behind each other until the
checkpoint is written."""

FEW = 64
"""Entries that may wait, of all partitions, while each is followed by `TURNS` turns of the event loop. With more, what
counts is to get through."""

TURNS = 8
"""A match on its way here, and its prediction on the way out, need a dozen turns. Were there an entry to each, or to
every second one, it would wait for them again at every step."""

WAITING_FULL, WAITING_DROPPED = 8_192, 4_096
"""Entries of a partition that wait to be applied at which fetching it stops, and goes on again: a worker that reads a
long log must not hold it in memory."""

UNCONFIRMED = 4_096
"""Outputs that may be on their way to the brokers before applying waits for them."""


class _Due(NamedTuple):
    """An entry that has had its turn in the log, and when it came (`perf_counter`)."""

    partition: int
    offset: int
    came: float
    entry: Entry


class Keeper:
    """Owns the leagues of this worker's partitions."""

    def __init__(
        self,
        app: faust.App,
        settings: Settings,
        tables: Tables,
        ownership: Ownership,
        fence: Fence,
        punctuality: Punctuality,
    ) -> None:
        self._app = app
        self._settings = settings
        self._tables = tables
        metrics.CATCH_UP_ENTRIES.set_function(lambda: self._behind.left)
        self._ownership = ownership
        self._fence = fence
        self._prefix = settings.topic_prefix
        self._punctuality = punctuality
        # Bound once: to look a metric up by its label costs as much as to count.
        self._outputs = {topic: metrics.OUTPUTS.labels(topic) for topic in OUTPUTS}
        self._entries = {kind: metrics.ENTRIES_APPLIED.labels(kind) for kind in get_args(Kind)}
        self._signing_key = settings.snapshot_key.get_secret_value().encode()
        self._guards = {reader: OffsetGuard(reader) for reader in ("predict", "learn")}
        self._barrier: Barrier[tuple[float, Entry]] = Barrier()
        self._precedence: Precedence[_Due] = Precedence()
        self._full: set[int] = set()
        self._arrived = asyncio.Event()
        self._shelf = Shelf(tables, self._signing_key)
        self._outbox = Outbox()
        self._public = PublicTables(tables, self._outbox)
        self._checkpoints = Checkpoints(settings, tables, fence, self._public, self._outbox)
        self._behind = CatchingUp()
        self._away_since: float | None = monotonic()

    # Reading

    def offer(self, reader: str, kinds: Collection[Kind], message: Message) -> None:
        """Hand in a record of the log that an agent has read; those of other kinds only count as seen."""
        if not self._guards[reader].admit(LOG, message.partition, message.offset):
            return
        entry = read_entry(message.key, message.value, header_pairs(message))
        if entry.kind in kinds:
            waiting = self._barrier.offer(message.partition, message.offset, (perf_counter(), entry))
            if waiting >= WAITING_FULL and message.partition not in self._full:
                self._full.add(message.partition)
                places_consumer(self._app).on_buffer_full(TP(self._prefix + LOG, message.partition))
            self._arrived.set()

    # Ownership

    def clear(self) -> None:
        """The partitions are taken away: forget everything, the log and the snapshots have it."""
        for guard in self._guards.values():
            guard.clear()
        self._barrier.clear()
        self._precedence.clear()
        self._full.clear()
        self._shelf.clear()
        self._public.clear()
        self._outbox.clear()
        self._checkpoints.clear()
        self._behind.clear()
        self._away_since = self._away_since or monotonic()

    def place_to_resume(self, partition: int, committed: int, beginning: int) -> int:
        """Where the log of `partition` has to be read on, by what the tables hold. Raises Fatal when that is gone."""
        checkpoint = read_checkpoint(self._tables.checkpoint_of(partition))
        held: dict[str, int | None] = {}
        for key in self._tables.snapshot_keys():
            if not is_piece(key) and partition_of(key, self._settings.partitions) == partition:
                held[key.decode()] = self._position_of_snapshot(key.decode())
        place = resume_place(checkpoint, held, committed, beginning)
        self._checkpoints.found(partition, {name: it for name, it in held.items() if it is not None})
        return place

    def begin(self, partition: int, place: int, end: int) -> None:
        """`partition` is ours; its log is read on at `place`, and at this moment it ends at `end`."""
        for guard in self._guards.values():
            guard.expect(LOG, partition, place)
        self._barrier.expect(partition, place)
        self._checkpoints.begin(partition, place)
        self._behind.begin(partition, end - place, monotonic())

    def note_recovery(self) -> None:
        """Measure how long the partitions were not served, once all is applied that was in their log."""
        if self._away_since is not None and not self._behind.left and self._ownership.partitions:
            metrics.RECOVERY_SECONDS.observe(monotonic() - self._away_since)
            self._away_since = None

    def _position_of_snapshot(self, competition: str) -> int | None:
        try:
            return inspect(unpack(competition, self._tables.snapshot), self._signing_key).position
        except SnapshotRefused as refused:
            said = "snapshot of %r is not used, its league is rebuilt from the log: %s"
            log.warning(said, competition, refused, extra={"competition": competition})
            metrics.SNAPSHOTS_REFUSED.inc()
            self._tables.forget_snapshot(competition)
            return None

    def unread(self) -> dict[tuple[str, int], int]:
        """Entries of each of the log's partitions that are not applied yet."""
        applied = {TP(self._prefix + LOG, partition): place for partition, place in self._checkpoints.places.items()}
        return places_consumer(self._app).unread(applied)

    # Applying

    async def run(self) -> None:
        """Apply what the barrier lets through, for ever, and do all other work on the leagues in between."""
        while True:
            more = await self._turn()
            due_at = self._checkpoints.due_at()
            if due_at is not None and due_at <= monotonic():
                await self.checkpoint()
            elif not more:
                moments = (due_at, self._public.scoreboards_due_at())
                await self._wait_for_entries(min((it for it in moments if it is not None), default=None))

    async def _wait_for_entries(self, until: float | None) -> None:
        """Wait for the next entry, or until that moment (monotonic)."""
        with suppress(TimeoutError):
            async with asyncio.timeout(None if until is None else max(until - monotonic(), 0.0)):
                await self._arrived.wait()

    async def _turn(self) -> bool:
        """Apply entries and publish the scoreboards that are due; whether more entries wait."""
        more = await self._apply_waiting()
        due_at = self._public.scoreboards_due_at()
        if due_at is not None and due_at <= monotonic():
            await self._drive(self._public.publish_scoreboards(), self._apply_waiting)
        return more

    async def _drive(self, steps: AsyncGenerator[object, None], between: Callable[[], Awaitable[bool]]) -> None:
        """Do work step by step, and something else between the steps, for as long as the partitions are ours."""
        epoch = self._ownership.epoch
        async with aclosing(steps):
            began = thread_time()
            async for _ in steps:
                # The time at work: a step can also have waited for brokers that were away.
                until = monotonic() + min(REST * (thread_time() - began), TURN_S)
                more = await between()
                # The rest is for the event loop and for what it brings, unless there is more to apply than that.
                while not more and monotonic() < until:
                    await self._wait_for_entries(until)
                    more = await between()
                if self._ownership.epoch != epoch:
                    return
                began = thread_time()

    async def _apply_waiting(self) -> bool:
        """Apply entries whose turn it is, for a while; whether more of them wait."""
        # Before the look, so that what comes after it is not slept over.
        self._arrived.clear()
        until = monotonic() + TURN_S
        while (due := self._next()) is not None:
            await self._apply(due)
            if monotonic() >= until:
                break
            if len(self._barrier) + len(self._precedence) < FEW:
                for _ in range(TURNS):
                    await asyncio.sleep(0)
        await asyncio.sleep(0)
        return due is not None

    def _next(self) -> _Due | None:
        """The entry that is to be applied next; None when none waits."""
        while len(self._precedence) < SHORTLIST and (batch := self._barrier.take(SLICE)):
            for partition, offset, (came, entry) in batch:
                due = _Due(partition, offset, came, entry)
                self._precedence.add(entry.competition, due, urgent=entry.kind == "features")
            self._note_room()
        return self._precedence.take()

    def _note_room(self) -> None:
        for partition in [full for full in self._full if self._barrier.waiting(full) < WAITING_DROPPED]:
            self._full.discard(partition)
            places_consumer(self._app).on_buffer_drop(TP(self._prefix + LOG, partition))

    async def _apply(self, due: _Due) -> None:
        epoch = self._ownership.epoch
        partition, offset, came, entry = due
        self._fence.check()
        book = await self._shelf.book(entry.competition, partition)
        self._checkpoints.require(partition, book)
        began = perf_counter()
        metrics.BARRIER_SECONDS.observe(began - came)
        outputs = book.apply(offset, entry)
        self._checkpoints.applied(partition, offset, book)
        self._public.changed(entry.competition, partition, book)
        prediction: Awaitable[object] | None = None
        for output in outputs:
            sent = await self._publish(output.topic, entry.key, output.value, partition)
            self._outputs[output.topic].inc()
            if output.topic == PREDICTIONS:
                prediction = sent
            elif output.topic == DECAY_ALERTS:
                _count_alert(output.value)
            fail_points.reach(fail_points.AMID_OUTPUTS)
        metrics.APPLY_SECONDS.observe(perf_counter() - began)
        self._entries[entry.kind].inc()
        if entry.kind == "features":
            self._punctuality.applied(partition, entry.source_offset, prediction)
        if self._ownership.epoch != epoch:
            return
        if (news := self._behind.news(partition, monotonic())) is not None:
            log.info("%s", news)
        self.note_recovery()

    async def _publish(self, topic: str, key: bytes, value: bytes, partition: int) -> Awaitable[object]:
        sent: Awaitable[object] = await self._app.producer.send(topic, key, value, partition, None, None)
        self._outbox.add(sent)
        if len(self._outbox) >= UNCONFIRMED:
            await self._outbox.wait(self._outbox.sent - UNCONFIRMED // 2)
        return sent

    # Checkpoints

    async def checkpoint(self) -> None:
        """Put every changed league and the place in the log on record, then commit that place."""
        await self._drive(self._checkpoints.write(places_consumer(self._app)), self._turn)
        await self._drive(self._shelf.let_rest(self._checkpoints.is_pending), self._turn)
        spare()


def _count_alert(value: bytes) -> None:
    alert = orjson.loads(value)
    metrics.ALERTS.labels(alert["kind"], alert["severity"], alert["state"]).inc()
