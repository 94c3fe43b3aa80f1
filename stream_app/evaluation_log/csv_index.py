"""What the CSV log knows about itself without reading its files: which events are in it, and how far it has read.

An SQLite database beside the files. The files are the truth: whatever the index lacks is read from them, and an index
that does not fit them is thrown away and made anew. It answers whether an event is in the log exactly, over its whole
history, in bounded memory: a worker that had to read far back sends far more again than any window would remember.

Its write lock is also the lock of the log: only one process at a time is between `begin` and the end of a transaction.
"""

from __future__ import annotations

import sqlite3
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from stream_app.errors import Retryable
from stream_app.evaluation_log.row import LogRow
from stream_app.evaluation_log.store import Place, TopicPartition

_FORMAT = 1
"""Changes with the tables below; an index of another format is made anew."""

# Longer than any batch takes, and than taking in a whole log by another process.
_LOCK_TIMEOUT_S = 120.0
_LOCK_POLL_S = 0.01

_SCHEMA = """
create table if not exists events (event_id blob primary key) without rowid;
create table if not exists places (
    topic text not null, partition integer not null,
    next_offset integer not null, last_offset integer not null, last_id text not null,
    primary key (topic, partition)
) without rowid;
create table if not exists active (size integer not null, month text);
insert into active select 0, null where not exists (select 1 from active);
"""


@dataclass(frozen=True, slots=True)
class Active:
    """The file that is being written: how many of its bytes are in the index, and the month that it is for."""

    size: int
    month: str | None


def places_in(path: Path) -> dict[TopicPartition, Place] | None:
    """The places in the index `path`, read without touching it; None when there is no sound index."""
    if not path.exists():
        return None
    database = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=_LOCK_TIMEOUT_S)
    try:
        return _places(database)
    except sqlite3.DatabaseError:
        return None
    finally:
        database.close()


def _write_ahead(database: sqlite3.Connection) -> None:
    """Turn the write-ahead log on. SQLite does not wait for another process that does so at the same moment."""
    deadline = time.monotonic() + _LOCK_TIMEOUT_S
    while True:
        try:
            database.execute("pragma journal_mode = wal")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
        time.sleep(_LOCK_POLL_S)


def _places(database: sqlite3.Connection) -> dict[TopicPartition, Place]:
    rows = database.execute("select topic, partition, next_offset, last_offset, last_id from places")
    return {(topic, partition): Place(*place) for topic, partition, *place in rows}


class CsvIndex:
    """The index in the file `path`. Made empty when it is not there, damaged, or of another format."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._database = self._open()

    def _open(self) -> sqlite3.Connection:
        database = sqlite3.connect(self._path, timeout=_LOCK_TIMEOUT_S, isolation_level=None, check_same_thread=False)
        try:
            # A commit that power loss takes back is read again from the files; a damaged index would not be.
            _write_ahead(database)
            database.execute("pragma synchronous = normal")
            sound = database.execute("pragma quick_check(1)").fetchone() == ("ok",)
            (found,) = database.execute("pragma user_version").fetchone()
        except sqlite3.OperationalError as error:
            database.close()
            raise Retryable(f"the index of the CSV log, {self._path}, cannot be opened: {error}") from error
        except sqlite3.DatabaseError:
            sound, found = False, _FORMAT
        if sound and found == _FORMAT:
            return database
        if sound and found == 0:
            database.executescript(f"begin immediate; {_SCHEMA} pragma user_version = {_FORMAT}; commit;")
            return database
        database.close()
        for suffix in ("", "-wal", "-shm"):
            self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)
        return self._open()

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Hold the log's lock; changes of the index count only if the block ends well.

        Raises
        ------
        Retryable
            Another process keeps the log locked.
        """
        try:
            self._database.execute("begin immediate")
        except sqlite3.OperationalError as error:
            raise Retryable(f"the CSV log is locked by another process ({self._path}): {error}") from error
        try:
            yield
        except BaseException:
            # SQLite itself takes a transaction back when the disk is full.
            if self._database.in_transaction:
                self._database.execute("rollback")
            raise
        self._database.execute("commit")

    def clear(self) -> None:
        """Forget everything."""
        for statement in (
            "delete from events",
            "delete from places",
            "update active set size = 0, month = null",
        ):
            self._database.execute(statement)

    def add(self, rows: Iterable[LogRow]) -> list[LogRow]:
        """Take in `rows`; those that were not in the log before, each once."""
        insert = "insert or ignore into events values (?)"
        execute = self._database.execute
        return [row for row in rows if execute(insert, (uuid.UUID(row.event_id).bytes,)).rowcount]

    def places(self) -> dict[TopicPartition, Place]:
        """How far each partition has been read."""
        return _places(self._database)

    def set_places(self, places: Mapping[TopicPartition, Place]) -> None:
        """The partitions in `places` have been read up to there."""
        self._database.executemany(
            "insert or replace into places values (?, ?, ?, ?, ?)",
            [(*tp, place.next_offset, place.last_offset, place.last_id) for tp, place in places.items()],
        )

    @property
    def active(self) -> Active:
        """What the index has taken in of the file that is being written."""
        return Active(*self._database.execute("select size, month from active").fetchone())

    @active.setter
    def active(self, active: Active) -> None:
        self._database.execute("update active set size = ?, month = ?", (active.size, active.month))
