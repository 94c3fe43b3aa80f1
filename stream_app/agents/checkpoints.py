"""Checkpoints: what has been applied goes on record, and only then the place in the log is committed.

A checkpoint is of the moment at which it begins: of the place in the log, and of the leagues that have changed by then.
It is written league by league, and entries are applied in between; and leagues do not wait for each other, so that the
place is that of the first entry that one of them lacks. So a snapshot may be newer than the place; after a death, the
entries that it holds already change nothing. What a league has published must be with the brokers before a
snapshot says that it was: nobody would publish it again.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from time import monotonic, perf_counter, thread_time

from faust.types import TP

from stream_app import metrics
from stream_app.agents.faust_consumer import PlacesConsumer
from stream_app.agents.outbox import Outbox
from stream_app.agents.public_tables import SHARE, PublicTables
from stream_app.agents.tables import Tables
from stream_app.durability import fail_points
from stream_app.durability.book import Book
from stream_app.durability.checkpoint import Checkpoint
from stream_app.durability.guards import Fence
from stream_app.durability.snapshot import SnapshotInfo, freeze, is_piece, pack
from stream_app.errors import Fatal
from stream_app.settings import Settings
from stream_app.topics import LOG

LONGEST_S = 10.0
"""Longest time for which a checkpoint waits on that account: what came since the last one is applied again after a
death."""

HELD = 16
"""Snapshots that may be held until the brokers have what was published before them."""

LOOK_S = 0.005
"""Seconds after which a checkpoint that waits for the brokers lets entries be applied."""


@dataclass(frozen=True, slots=True)
class _Frozen:
    """A snapshot that may be written once the brokers have all that was sent before `mark`."""

    competition: str
    partition: int
    blob: bytes
    mark: int


class Checkpoints:
    """Knows what has been applied since the last checkpoint of each partition, and writes the next one."""

    def __init__(
        self,
        settings: Settings,
        tables: Tables,
        fence: Fence,
        public: PublicTables,
        outbox: Outbox,
    ) -> None:
        self._settings = settings
        self._tables = tables
        self._fence = fence
        self._public = public
        self._outbox = outbox
        self._log = settings.topic_prefix + LOG
        self._signing_key = settings.snapshot_key.get_secret_value().encode()
        self._changed: dict[str, tuple[int, Book]] = {}
        self._last: dict[int, dict[str, int]] = {}
        self._applied: dict[int, int] = {}
        self._ahead: dict[int, set[int]] = {}
        self._recorded: dict[int, int] = {}
        self._entries = 0
        self._due_at = 0.0
        self._affordable_at = 0.0
        metrics.SINCE_CHECKPOINT.set_function(lambda: self._entries)

    def clear(self) -> None:
        """The partitions are taken away: forget everything, the log and the snapshots have it."""
        self._changed.clear()
        self._last.clear()
        self._applied.clear()
        self._ahead.clear()
        self._recorded.clear()
        self._entries = 0

    def found(self, partition: int, positions: dict[str, int]) -> None:
        """There are snapshots of leagues of `partition`, with the log up to these offsets in them."""
        self._last[partition] = positions

    def begin(self, partition: int, place: int) -> None:
        """`partition` is ours and is read on at `place`."""
        self._applied[partition] = self._recorded[partition] = place
        self._ahead[partition] = set()
        self._due_at = monotonic() + self._settings.checkpoint_interval_s

    def require(self, partition: int, book: Book) -> None:
        """Raise Fatal when `book` does not have what its league is known to have.

        Nothing else would tell that a league has got lost in memory: an entry would be applied to an older or an empty
        one. After a restart all is read again.
        """
        competition, position = book.league.competition, book.position
        if position < (known := self._last[partition].get(competition, position)):
            raise Fatal(f"{competition!r} is in memory as of log offset {position}, but was at {known} already")

    def applied(self, partition: int, offset: int, book: Book) -> None:
        """The entry at `offset` was applied to `book`; entries of other competitions may be missing before it."""
        competition = book.league.competition
        self._changed[competition] = (partition, book)
        self._last[partition][competition] = book.position
        ahead, place = self._ahead[partition], self._applied[partition]
        ahead.add(offset)
        while place in ahead:
            ahead.remove(place)
            place += 1
        self._applied[partition] = place
        self._entries += 1

    @property
    def places(self) -> dict[int, int]:
        """The offset of each partition's first entry that is not applied."""
        return dict(self._applied)

    def is_pending(self, competition: str) -> bool:
        """Whether the league has changed since its last snapshot."""
        return competition in self._changed

    def due_at(self) -> float | None:
        """When the next checkpoint is due (monotonic); None when nothing has changed."""
        if not self._changed:
            return None
        enough = self._entries >= self._settings.checkpoint_entries
        return self._affordable_at if enough else max(self._due_at, self._affordable_at)

    async def write(self, consumer: PlacesConsumer) -> AsyncGenerator[None, None]:
        """Write a checkpoint and commit its places, step by step.

        Between two steps entries may be applied. When the partitions are taken away, no further step may be asked for.
        """
        began, entries = perf_counter(), self._entries
        places = {p: place for p, place in self._applied.items() if place > self._recorded[p]}
        records = {p: Checkpoint(place, dict(self._last[p])) for p, place in places.items()}
        changed, self._changed = self._changed, {}
        busy_s, written, frozen = 0.0, 0, deque[_Frozen]()
        # What is not out when the place is committed would never come: nobody returns to entries before it.
        async for took_s in self._public.publish_all():
            busy_s += took_s
            yield
        for competition, (partition, book) in changed.items():
            self._fence.check()
            started = thread_time()
            blob = freeze(book, SnapshotInfo(competition, book.position), self._signing_key)
            busy_s += thread_time() - started
            frozen.append(_Frozen(competition, partition, blob, self._outbox.sent))
            yield
            async for sent_bytes in self._send(frozen, HELD):
                written += sent_bytes
                yield
        with metrics.CONFIRM_SECONDS.time():
            async for sent_bytes in self._send(frozen, 0):
                written += sent_bytes
                yield
            async for _ in self._arrival(self._outbox.sent):
                yield
        fail_points.reach(fail_points.SNAPSHOTS_WRITTEN)
        for partition, record in records.items():
            self._outbox.add(await self._tables.put_checkpoint(partition, record.to_bytes()))
            yield
        async for _ in self._arrival(self._outbox.sent):
            yield
        fail_points.reach(fail_points.CHECKPOINT_WRITTEN)
        self._fence.check()
        self._entries -= entries
        self._recorded.update(places)
        now = monotonic()
        self._due_at = now + self._settings.checkpoint_interval_s
        costs_s = max(written / self._settings.checkpoint_bytes_per_s, min(busy_s / SHARE, LONGEST_S))
        self._affordable_at = now + costs_s
        metrics.CHECKPOINT_BYTES.observe(written)
        metrics.CHECKPOINT_SECONDS.observe(perf_counter() - began)
        if places:
            await consumer.commit_places({TP(self._log, partition): place for partition, place in places.items()})

    async def _send(self, frozen: deque[_Frozen], held: int) -> AsyncGenerator[int, None]:
        """Send the oldest of `frozen`, one a step, until none may be sent yet and no more than `held` are left.

        The bytes that each step sent.
        """
        while frozen and (len(frozen) > held or self._outbox.arrived(frozen[0].mark)):
            async for _ in self._arrival(frozen[0].mark):
                yield 0
            yield await self._put(frozen.popleft())

    async def _put(self, snapshot: _Frozen) -> int:
        """Send a snapshot, and tell how many bytes that are."""
        metrics.SNAPSHOT_BYTES.observe(len(snapshot.blob))
        previous = self._tables.snapshot(snapshot.competition.encode())
        records = pack(snapshot.blob, snapshot.competition, previous, self._settings.snapshot_piece_bytes)
        # Its league is at work. One in pieces stays, for the next one to be written into the other slot: those are few.
        # All of it before the first wait: what is in memory later may be that of a partition that went and came back.
        self._tables.forget_snapshot(snapshot.competition)
        if len(records) > 1:
            for key, value in records:
                self._tables.keep_snapshot(key, value)
        for key, value in records:
            self._outbox.add(await self._tables.send_snapshot(key, value, snapshot.partition))
            if is_piece(key):
                fail_points.reach(fail_points.AMID_PIECES)
        return sum(len(value) for _, value in records)

    async def _arrival(self, mark: int) -> AsyncGenerator[None, None]:
        """Steps until the brokers have all that was sent before `mark`."""
        while not self._outbox.arrived(mark):
            await self._outbox.wait(mark, LOOK_S)
            yield
