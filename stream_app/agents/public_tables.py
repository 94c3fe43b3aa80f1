"""What others read of the leagues: when it is published, and that nothing is published that says nothing new."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from hashlib import sha256
from time import monotonic, thread_time

from stream_app.agents.outbox import Outbox
from stream_app.agents.tables import Tables
from stream_app.durability.book import Book, Published

SHARE = 0.05
"""Share of a worker's time that checkpoints, with the tables that come with them, may take, and scoreboards too. They
come less often when they would take more."""

SCOREBOARD_S = 0.25
"""Shortest time between two scoreboards of a competition. The other tables cost more and come with every checkpoint."""


class PublicTables:
    """The compacted topics with one record a competition.

    Parameters
    ----------
    tables
        Where they are written.
    outbox
        Told what is on its way to the brokers, for somebody who waits until they have it.
    """

    def __init__(self, tables: Tables, outbox: Outbox) -> None:
        self._tables = tables
        self._outbox = outbox
        self._scores_changed: dict[str, tuple[int, Book]] = {}
        self._tables_changed: dict[str, tuple[int, Book]] = {}
        self._told: dict[tuple[str, str], bytes] = {}
        self._scores_due_at = 0.0

    def changed(self, competition: str, partition: int, book: Book) -> None:
        """Note that an entry was applied."""
        self._scores_changed[competition] = self._tables_changed[competition] = (partition, book)

    def clear(self) -> None:
        """The partitions are taken away: forget everything."""
        self._scores_changed.clear()
        self._tables_changed.clear()
        self._told.clear()

    def scoreboards_due_at(self) -> float | None:
        """When scoreboards that have changed may be published (monotonic); None when none has changed."""
        return self._scores_due_at if self._scores_changed else None

    async def publish_scoreboards(self) -> AsyncGenerator[None, None]:
        """Publish the scoreboards that have changed, one a step."""
        self._put_off_scoreboards(SCOREBOARD_S)
        changed, self._scores_changed = self._scores_changed, {}
        busy_s = 0.0
        for competition, (partition, book) in changed.items():
            began = thread_time()
            scoreboard = book.scoreboard()
            busy_s += thread_time() - began
            await self._publish(competition, partition, scoreboard)
            yield
        self._put_off_scoreboards(busy_s / SHARE)

    async def publish_all(self) -> AsyncGenerator[float, None]:
        """Publish all tables that have changed, those of one competition a step; the seconds that each step took."""
        self._put_off_scoreboards(SCOREBOARD_S)
        self._scores_changed.clear()
        changed, self._tables_changed = self._tables_changed, {}
        for competition, (partition, book) in changed.items():
            began = thread_time()
            tables = book.tables()
            took_s = thread_time() - began
            for table in tables:
                await self._publish(competition, partition, table)
            yield took_s

    def _put_off_scoreboards(self, seconds: float) -> None:
        self._scores_due_at = max(self._scores_due_at, monotonic() + seconds)

    async def _publish(self, competition: str, partition: int, table: Published) -> None:
        """Publish what a table says of a competition, unless that is what it said last."""
        seal = sha256(table.value).digest()
        if self._told.get((table.topic, competition)) != seal:
            self._told[table.topic, competition] = seal
            self._outbox.add(await self._tables.put_public(table.topic, competition, table.value, partition))
