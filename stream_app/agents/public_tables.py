"""What others read of the leagues: when it is published, and that nothing is published that says nothing new."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from hashlib import sha256
from time import monotonic, thread_time

from stream_app.agents.tables import Tables
from stream_app.durability.book import Book, Published

SCOREBOARD_S = 0.25
"""Seconds between two scoreboards of the worker. The other tables cost more and come with every checkpoint."""

TABLES_SHARE = 0.05
"""Share of a worker's time that these tables may take; checkpoints come less often when they would take more."""

TABLES_WAIT_S = 10.0
"""Longest time for which a checkpoint waits on their account: what came since the last one is applied again after a
death."""


class PublicTables:
    """The compacted topics with one record a competition.

    Parameters
    ----------
    tables
        Where they are written.
    sent
        Takes what is on its way to the brokers, for somebody who waits until they have it.
    """

    def __init__(self, tables: Tables, sent: Callable[[Awaitable[object]], None]) -> None:
        self._tables = tables
        self._sent = sent
        self._scores_changed: dict[str, tuple[int, Book]] = {}
        self._tables_changed: dict[str, tuple[int, Book]] = {}
        self._told: dict[tuple[str, str], bytes] = {}
        self._scores_at = 0.0

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
        return self._scores_at + SCOREBOARD_S if self._scores_changed else None

    async def publish_scoreboards(self) -> None:
        """Publish the scoreboards that have changed."""
        self._scores_at = monotonic()
        changed, self._scores_changed = self._scores_changed, {}
        boards = [(name, partition, book.scoreboard()) for name, (partition, book) in changed.items()]
        for competition, partition, board in boards:
            await self._publish(competition, partition, board)

    async def publish_all(self) -> float:
        """Publish all tables that have changed; the seconds for which the next checkpoint waits on their account."""
        took_s = 0.0
        self._scores_at = monotonic()
        self._scores_changed.clear()
        while self._tables_changed:
            competition, (partition, book) = self._tables_changed.popitem()
            began = thread_time()
            tables = book.tables()
            took_s += thread_time() - began
            for table in tables:
                await self._publish(competition, partition, table)
            await asyncio.sleep(0)
        return min(took_s / TABLES_SHARE, TABLES_WAIT_S)

    async def _publish(self, competition: str, partition: int, table: Published) -> None:
        """Publish what a table says of a competition, unless that is what it said last."""
        seal = sha256(table.value).digest()
        if self._told.get((table.topic, competition)) != seal:
            self._told[table.topic, competition] = seal
            self._sent(await self._tables.put_public(table.topic, competition, table.value, partition))
