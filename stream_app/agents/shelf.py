"""The leagues that are in memory: read from their snapshots when they are needed, and let go when they rest.

A league is in memory as itself or as a snapshot in the table, not as both. Snapshots that are cut into pieces stay, as
few are that large.
"""

from __future__ import annotations

import gc
from collections.abc import AsyncGenerator, Callable
from time import perf_counter

from stream_app.agents.tables import Tables
from stream_app.durability.book import Book
from stream_app.durability.snapshot import SnapshotInfo, SnapshotRefused, freeze, is_whole, thaw, unpack, whole
from stream_app.errors import Fatal

REST_S = 600.0
"""Seconds without an entry after which a league leaves memory. It takes three times as much there as its snapshot,
which is read again when its next match comes."""

AT_ONCE = 64
"""Leagues that leave memory after one checkpoint. Each is made a snapshot of, and those of a match day rest together: a
thousand would put off the next checkpoint for seconds."""


class Shelf:
    """The books of this worker's partitions, those at work in memory.

    Parameters
    ----------
    tables
        Where the snapshots are.
    signing_key
        What they are signed with.
    """

    def __init__(self, tables: Tables, signing_key: bytes) -> None:
        self._tables = tables
        self._signing_key = signing_key
        self._books: dict[str, Book] = {}
        self._used_at: dict[str, float] = {}

    def clear(self) -> None:
        """The partitions are taken away: forget everything."""
        self._books.clear()
        self._used_at.clear()
        gc.unfreeze()

    async def book(self, competition: str, partition: int) -> Book:
        """The book of `competition`, from memory or its snapshot, or a new one.

        Raises
        ------
        Fatal
            There is a snapshot that cannot be loaded; it has been deleted.
        """
        self._used_at[competition] = perf_counter()
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
        spare()
        return book

    async def let_rest(self, is_pending: Callable[[str], bool]) -> AsyncGenerator[None, None]:
        """Let go of leagues that rest, one a step, if all that they know is in the snapshots that the brokers have.

        Between two steps entries may be applied. When the partitions are taken away, no further step may be asked for.
        """
        since = perf_counter() - REST_S
        for competition in [name for name, used_at in self._used_at.items() if used_at <= since][:AT_ONCE]:
            # It may have had an entry in between.
            if self._used_at[competition] <= since and not is_pending(competition):
                self._put_away(competition)
                yield

    def _put_away(self, competition: str) -> None:
        """Let go of a league, and have its snapshot in the table.

        It is made anew, as the brokers have the last one. Nothing may come between: a league that were in neither would
        begin anew with its next entry.
        """
        book = self._books[competition]
        if self._tables.snapshot(competition.encode()) is None:
            blob = freeze(book, SnapshotInfo(competition, book.position), self._signing_key)
            self._tables.keep_snapshot(competition.encode(), whole(blob))
        del self._books[competition], self._used_at[competition]

    def _load(self, competition: str) -> Book:
        record = self._tables.snapshot(competition.encode())
        if record is None:
            return Book(competition)
        book = thaw(unpack(competition, self._tables.snapshot), self._signing_key)
        if not isinstance(book, Book):
            raise SnapshotRefused(f"it holds a {type(book).__name__}")
        if is_whole(record):
            self._tables.forget_snapshot(competition)
        return book


def spare() -> None:
    """Let the search for garbage look at nothing again that is here now.

    A thousand leagues are millions of objects. To search them all takes seconds, in which a worker stands still, and
    finds nothing: leagues have no cycles, so that what they drop goes at once.
    """
    gc.collect(1)
    gc.freeze()
