"""The evaluation log as CSV files in a folder: `evaluation_log.csv` for this month, a compressed file for each earlier.

A batch counts once its lines are on the disk. A crash before that leaves complete lines, which are kept, and at most
one torn line, which is cut off at the next start; the messages are then read again. The month of a file is the one in
which its events were published, so that files only ever grow at their end and an old month never opens again.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from stream_app.errors import Fatal, InvalidInput
from stream_app.evaluation_log import csv_append, csv_files
from stream_app.evaluation_log.csv_format import header, lines, parse
from stream_app.evaluation_log.csv_index import Active, CsvIndex
from stream_app.evaluation_log.row import LogRow
from stream_app.evaluation_log.store import Batch, Place, Refuse, TopicPartition

log = logging.getLogger(__name__)

INDEX = "evaluation_log.index"

_BLOCK = 65_536
_TAKEN_IN_TOGETHER = 10_000

T = TypeVar("T")


class CsvLog:
    """The CSV log in `folder`. Several processes may write to it; each event is in it once."""

    name = "csv"

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = csv_files.active(folder)
        self._index: CsvIndex | None = None
        # The files belong to one thread at a time, also while a cancelled call is still at work.
        self._lock = threading.Lock()

    async def open(self) -> None:
        """Bring the files in order; see `Store.open`."""
        await self._in_thread(self._open)

    async def places(self) -> dict[TopicPartition, Place]:
        """How far each partition has been read; see `Store.places`."""
        return await self._in_thread(lambda: self._opened.places())

    async def append(self, batch: Batch, refuse: Refuse) -> int:
        """Add the lines of the events that are new; see `Store.append`. Refuses nothing: a row is always a line."""
        return await self._in_thread(lambda: self._append(batch))

    async def overwrite(self, rows: Sequence[LogRow]) -> None:
        """Add a line for each of `rows`, also for events that have one: of several lines the last one counts."""
        await self._in_thread(lambda: self._overwrite(rows))

    async def close(self) -> None:
        """Let go of the files; see `Store.close`."""
        await self._in_thread(self._close)

    async def _in_thread(self, work: Callable[[], T]) -> T:
        def locked() -> T:
            with self._lock:
                return work()

        try:
            return await asyncio.to_thread(locked)
        except (OSError, sqlite3.Error) as error:
            raise Fatal(_why(error, self._folder)) from error

    @property
    def _opened(self) -> CsvIndex:
        if self._index is None:
            raise Fatal("the CSV log is not open")
        return self._index

    def _open(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        self._index = CsvIndex(self._folder / INDEX)
        csv_files.compress_closed(self._folder)
        with self._index.transaction():
            csv_append.clear(self._path)
            self._catch_up(self._index)
        csv_files.sync_folder(self._folder)

    def _close(self) -> None:
        if self._index is not None:
            self._index.close()
            self._index = None

    def _overwrite(self, rows: Sequence[LogRow]) -> None:
        index = self._opened
        with index.transaction():
            self._catch_up(index)
            index.add(rows)
            active = index.active
            month = active.month or _month(max(row.recorded_at for row in rows))
            index.active = Active(self._add(rows, active.size), month)

    def _append(self, batch: Batch) -> int:
        index = self._opened
        rotated = False
        with index.transaction():
            if self._size() < index.active.size:
                raise Fatal(f"{self._path} was cut short or replaced while it was being written")
            self._catch_up(index)
            new = index.add(batch.rows)
            if new:
                active = index.active
                month = _month(max(row.recorded_at for row in new))
                if active.month is not None and month > active.month:
                    csv_files.close_active(self._folder, active.month)
                    active, rotated = Active(csv_append.add(self._path, header(), 0), None), True
                index.active = Active(self._add(new, active.size), active.month or month)
            index.set_places(batch.places)
        if rotated:
            csv_files.compress_closed(self._folder)
        return len(new)

    def _add(self, rows: Sequence[LogRow], size: int) -> int:
        return csv_append.add(self._path, lines(rows, size), size)

    def _size(self) -> int:
        return self._path.stat().st_size if self._path.exists() else 0

    def _catch_up(self, index: CsvIndex) -> None:
        """Take in what the files hold and the index does not know, and cut a torn last line off."""
        size, known = self._size(), index.active.size
        if size == known and known:
            return
        if size < known or not known:
            index.clear()
            known = 0
            for path in csv_files.closed(self._folder):
                self._take_in(index, path, 0)
        size = self._cut_torn_line(size) if size else 0
        first = self._take_in(index, self._path, known) if size else None
        month = index.active.month or (_month(first.recorded_at) if first else None)
        index.active = Active(size or csv_append.add(self._path, header(), 0), month)

    def _take_in(self, index: CsvIndex, path: Path, start: int) -> LogRow | None:
        """Add the rows of `path` from byte `start` on to the index; the first of them."""
        first: LogRow | None = None
        places = index.places()
        for rows in _together(_rows(path, start)):
            first = first or rows[0]
            index.add(rows)
            for row in rows:
                _advance(places, row)
        index.set_places(places)
        return first

    def _cut_torn_line(self, size: int) -> int:
        with self._path.open("r+b") as file:
            end = size
            while end:
                start = max(end - _BLOCK, 0)
                file.seek(start)
                found = file.read(end - start).rfind(b"\n")
                if found >= 0:
                    end = start + found + 1
                    break
                end = start
            if end < size:
                log.warning("%s: cut off %d bytes of a torn last line; its event is read again", self._path, size - end)
                file.truncate(end)
                os.fsync(file.fileno())
        return end


def read(folder: Path) -> Iterator[LogRow]:
    """All rows of the CSV log in `folder`, oldest file first. Lines that are no rows are left out with a warning."""
    for path in csv_files.every(folder):
        yield from _rows(path, 0)


def _rows(path: Path, start: int) -> Iterator[LogRow]:
    for number, fields in csv_files.read(path, start):
        try:
            yield parse(fields)
        except InvalidInput as error:
            log.warning("%s, line %d%s: %s", path, number, f" after byte {start}" if start else "", error)


def _together(rows: Iterator[LogRow]) -> Iterator[Sequence[LogRow]]:
    gathered: list[LogRow] = []
    for row in rows:
        gathered.append(row)
        if len(gathered) == _TAKEN_IN_TOGETHER:
            yield gathered
            gathered = []
    if gathered:
        yield gathered


def _advance(places: dict[TopicPartition, Place], row: LogRow) -> None:
    if row.kafka_topic is None or row.kafka_partition is None or row.kafka_offset is None:
        return
    tp = (row.kafka_topic, row.kafka_partition)
    if tp not in places or places[tp].last_offset < row.kafka_offset:
        places[tp] = Place(row.kafka_offset + 1, row.kafka_offset, row.event_id)


def _month(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m}"


def _why(error: OSError | sqlite3.Error, folder: Path) -> str:
    if isinstance(error, OSError):
        full = error.errno in csv_append.FULL
    else:
        full = error.sqlite_errorcode == sqlite3.SQLITE_FULL
    if full:
        return f"the disk of {folder} is full: free some space and start again; nothing is lost until then"
    return f"the CSV log in {folder} cannot be written: {error}"
