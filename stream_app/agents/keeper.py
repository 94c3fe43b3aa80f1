"""The keeper: applies log entries to the leagues in log order, publishes what they say, and keeps checkpoints.

Both agents on the log hand their entries to one barrier. What comes out of it is applied and published at once. A
checkpoint first waits until the brokers have confirmed all of that, then puts the changed leagues and the place in the
log on record, and only after that the place is committed.
"""

from __future__ import annotations

import asyncio
import gc
import logging
from collections import deque
from collections.abc import Awaitable, Collection
from contextlib import suppress
from time import monotonic, perf_counter
from typing import get_args

import faust
import orjson
from faust.types import TP, Message

from stream_app import metrics
from stream_app.agents.faust_edge import header_pairs, places_consumer
from stream_app.agents.ownership import Ownership
from stream_app.agents.public_tables import PublicTables
from stream_app.agents.punctuality import Punctuality
from stream_app.agents.tables import Tables
from stream_app.contracts import Kind
from stream_app.durability import fail_points
from stream_app.durability.barrier import Barrier
from stream_app.durability.book import Book
from stream_app.durability.catching_up import CatchingUp
from stream_app.durability.checkpoint import Checkpoint, read_checkpoint, resume_place
from stream_app.durability.guards import Fence, OffsetGuard
from stream_app.durability.log import Entry, read_entry
from stream_app.durability.snapshot import SnapshotInfo, SnapshotRefused, freeze, inspect, is_piece, pack, thaw, unpack
from stream_app.errors import Fatal
from stream_app.partitioning import partition_of
from stream_app.settings import Settings
from stream_app.topics import DECAY_ALERTS, EVALUATIONS, LOG, MODEL_EVENTS, PREDICTIONS

log = logging.getLogger(__name__)

OUTPUTS = (PREDICTIONS, EVALUATIONS, DECAY_ALERTS, MODEL_EVENTS)

BATCH = 512
"""Entries taken from the barrier at a time."""

UNCONFIRMED = 4_096
"""Outputs that may be on their way to the brokers before applying waits for them."""

REST_S = 600.0
"""Seconds without an entry after which a league leaves memory. It takes ten times as much there as its snapshot, which
is read again when its next match comes."""

YIELD_S = 0.02
"""Seconds of applying after which the event loop gets a turn, so that heartbeats and fetches go on."""


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
        metrics.SINCE_CHECKPOINT.set_function(lambda: self._since_checkpoint)
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
        self._arrived = asyncio.Event()
        self._books: dict[str, Book] = {}
        self._used_at: dict[str, float] = {}
        self._dirty: dict[str, int] = {}
        self._unconfirmed: deque[Awaitable[object]] = deque()
        self._public = PublicTables(tables, self._unconfirmed.append)
        self._last: dict[int, dict[str, int]] = {}
        self._applied: dict[int, int] = {}
        self._checkpointed: dict[int, int] = {}
        self._behind = CatchingUp()
        self._away_since: float | None = monotonic()
        self._since_checkpoint = 0
        self._checkpoint_at = 0.0
        self._affordable_at = 0.0

    # Reading

    def offer(self, reader: str, kinds: Collection[Kind], message: Message) -> None:
        """Hand in a record of the log that an agent has read; those of other kinds only count as seen."""
        if not self._guards[reader].admit(LOG, message.partition, message.offset):
            return
        entry = read_entry(message.key, message.value, header_pairs(message))
        if entry.kind in kinds:
            self._barrier.offer(message.partition, message.offset, (perf_counter(), entry))
            self._arrived.set()

    # Ownership

    def clear(self) -> None:
        """The partitions are taken away: forget everything, the log and the snapshots have it."""
        for guard in self._guards.values():
            guard.clear()
        self._barrier.clear()
        self._books.clear()
        gc.unfreeze()
        self._used_at.clear()
        self._dirty.clear()
        self._public.clear()
        self._unconfirmed.clear()
        self._last.clear()
        self._behind.clear()
        self._away_since = self._away_since or monotonic()
        self._applied.clear()
        self._checkpointed.clear()

    def place_to_resume(self, partition: int, committed: int, beginning: int) -> int:
        """Where the log of `partition` has to be read on, by what the tables hold. Raises Fatal when that is gone."""
        checkpoint = read_checkpoint(self._tables.checkpoint_of(partition))
        held: dict[str, int | None] = {}
        for key in self._tables.snapshot_keys():
            if not is_piece(key) and partition_of(key, self._settings.partitions) == partition:
                held[key.decode()] = self._position_of_snapshot(key.decode())
        place = resume_place(checkpoint, held, committed, beginning)
        self._last[partition] = {name: position for name, position in held.items() if position is not None}
        return place

    def begin(self, partition: int, place: int, end: int) -> None:
        """`partition` is ours; its log is read on at `place`, and at this moment it ends at `end`."""
        for guard in self._guards.values():
            guard.expect(LOG, partition, place)
        self._barrier.expect(partition, place)
        self._applied[partition] = self._checkpointed[partition] = place
        self._behind.begin(partition, end - place, monotonic())
        self._checkpoint_at = monotonic() + self._settings.checkpoint_interval_s

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
        applied = {TP(self._prefix + LOG, partition): place for partition, place in list(self._applied.items())}
        return places_consumer(self._app).unread(applied)

    # Applying

    async def run(self) -> None:
        """Apply what the barrier lets through, for ever."""
        while True:
            batch = self._barrier.take(BATCH)
            if batch:
                await self._apply(batch)
                if (news := self._behind.news(batch, monotonic())) is not None:
                    log.info("%s", news)
                self.note_recovery()
            scores_at = self._public.scoreboards_due_at()
            if scores_at is not None and scores_at <= monotonic():
                await self._public.publish_scoreboards()
            if not batch:
                await self._wait_for_entries()
            if self._checkpoint_is_due():
                await self.checkpoint()

    def _checkpoint_is_due(self) -> bool:
        now = monotonic()
        due = now >= self._checkpoint_at or self._since_checkpoint >= self._settings.checkpoint_entries
        return due and now >= self._affordable_at

    async def _wait_for_entries(self) -> None:
        """Wait for the next entry, or until scoreboards or a checkpoint are due."""
        self._arrived.clear()
        checkpoint_at = max(self._checkpoint_at, self._affordable_at) if self._dirty else None
        moments = [moment for moment in (checkpoint_at, self._public.scoreboards_due_at()) if moment is not None]
        patience = max(min(moments) - monotonic(), 0.0) if moments else None
        with suppress(TimeoutError):
            async with asyncio.timeout(patience):
                await self._arrived.wait()

    async def _apply(self, batch: list[tuple[int, int, tuple[float, Entry]]]) -> None:
        epoch = self._ownership.epoch
        yielded = monotonic()
        for partition, offset, (came, entry) in batch:
            self._fence.check()
            book = await self._book(entry.competition, partition)
            began = perf_counter()
            self._used_at[entry.competition] = began
            metrics.BARRIER_SECONDS.observe(began - came)
            outputs = book.apply(offset, entry)
            self._dirty[entry.competition] = partition
            self._public.changed(entry.competition, partition, book)
            self._last[partition][entry.competition] = book.position
            self._applied[partition] = offset + 1
            self._since_checkpoint += 1
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
            if monotonic() - yielded > YIELD_S:
                await asyncio.sleep(0)
                yielded = monotonic()
            if self._ownership.epoch != epoch:
                return

    async def _publish(self, topic: str, key: bytes, value: bytes, partition: int) -> Awaitable[object]:
        sent: Awaitable[object] = await self._app.producer.send(topic, key, value, partition, None, None)
        self._unconfirmed.append(sent)
        if len(self._unconfirmed) >= UNCONFIRMED:
            await self._confirm(UNCONFIRMED // 2)
        return sent

    async def _confirm(self, rest: int) -> None:
        """Wait until the brokers have confirmed all but the last `rest` of what was published."""
        while len(self._unconfirmed) > rest:
            await self._unconfirmed.popleft()

    async def _book(self, competition: str, partition: int) -> Book:
        book = self._books.get(competition)
        if book is not None:
            return book
        try:
            book = self._load(competition)
        except SnapshotRefused as refused:
            # Its seal was looked at before its partition began, so this is a surprise. The next start must not run
            # into it again: without the snapshot it reads the log from the beginning.
            await (await self._tables.delete_snapshot(competition, partition))
            raise Fatal(f"snapshot of {competition!r} cannot be loaded and is deleted: {refused}") from refused
        self._books[competition] = book
        _spare()
        return book

    def _load(self, competition: str) -> Book:
        if self._tables.snapshot(competition.encode()) is None:
            return Book(competition)
        book = thaw(unpack(competition, self._tables.snapshot), self._signing_key)
        if not isinstance(book, Book):
            raise SnapshotRefused(f"it holds a {type(book).__name__}")
        return book

    # Checkpoints

    async def checkpoint(self) -> None:
        """Put every changed league and the place in the log on record, then commit that place."""
        epoch = self._ownership.epoch
        began = perf_counter()
        # What is not out when the place is committed would never come: nobody returns to entries before it.
        tables_wait_s = await self._public.publish_all()
        with metrics.CONFIRM_SECONDS.time():
            await self._confirm(0)
        if self._ownership.epoch != epoch:
            return
        places = {p: place for p, place in self._applied.items() if place > self._checkpointed[p]}
        written = 0
        sent: list[Awaitable[object]] = []
        for competition, partition in list(self._dirty.items()):
            self._fence.check()
            book = self._books[competition]
            blob = freeze(book, SnapshotInfo(competition, book.position), self._signing_key)
            previous = self._tables.snapshot(competition.encode())
            metrics.SNAPSHOT_BYTES.observe(len(blob))
            for key, value in pack(blob, competition, previous, self._settings.snapshot_piece_bytes):
                sent.append(await self._tables.put_snapshot(key, value, partition))
                written += len(value)
                if is_piece(key):
                    fail_points.reach(fail_points.AMID_PIECES)
            await asyncio.sleep(0)
            if self._ownership.epoch != epoch:
                return
        for confirmation in sent:
            await confirmation
        if self._ownership.epoch != epoch:
            return
        fail_points.reach(fail_points.SNAPSHOTS_WRITTEN)
        sent = []
        for partition, place in places.items():
            record = Checkpoint(place, self._last[partition]).to_bytes()
            sent.append(await self._tables.put_checkpoint(partition, record))
            if self._ownership.epoch != epoch:
                return
        for confirmation in sent:
            await confirmation
        fail_points.reach(fail_points.CHECKPOINT_WRITTEN)
        if self._ownership.epoch != epoch:
            return
        self._fence.check()
        self._dirty.clear()
        self._since_checkpoint = 0
        self._checkpointed.update(places)
        self._checkpoint_at = monotonic() + self._settings.checkpoint_interval_s
        costs_s = max(written / self._settings.checkpoint_bytes_per_s, tables_wait_s)
        self._affordable_at = monotonic() + costs_s
        self._let_rest(perf_counter() - REST_S)
        _spare()
        await self._commit(places)
        metrics.CHECKPOINT_BYTES.observe(written)
        metrics.CHECKPOINT_SECONDS.observe(perf_counter() - began)

    def _let_rest(self, since: float) -> None:
        """Let go of the leagues without an entry after `since`: all that they know is in the snapshots by now."""
        for competition in [name for name, used_at in self._used_at.items() if used_at <= since]:
            del self._books[competition], self._used_at[competition]

    async def _commit(self, places: dict[int, int]) -> None:
        if places:
            await places_consumer(self._app).commit_places(
                {TP(self._prefix + LOG, partition): place for partition, place in places.items()}
            )


def _spare() -> None:
    """Let the search for garbage look at nothing again that is here now.

    A thousand leagues are millions of objects. To search them all takes seconds, in which a worker stands still, and
    finds nothing: leagues have no cycles, so that what they drop goes at once.
    """
    gc.collect(1)
    gc.freeze()


def _count_alert(value: bytes) -> None:
    alert = orjson.loads(value)
    metrics.ALERTS.labels(alert["kind"], alert["severity"], alert["state"]).inc()
