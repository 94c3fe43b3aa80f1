"""What the CSV files say, for a comparison with the topics and the database."""

from __future__ import annotations

import os
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import orjson

from stream_app.errors import InvalidInput
from stream_app.evaluation_log import csv_files
from stream_app.evaluation_log.comparison import Comparison
from stream_app.evaluation_log.csv_format import HEADER, parse, split
from stream_app.evaluation_log.findings import Range, Wanted, hash_number, uuid_bytes
from stream_app.evaluation_log.row import LogRow
from stream_app.evaluation_log.store import TopicPartition

_BATCH = 5_000
_TYPE, _HASH, _TOPIC, _PARTITION, _OFFSET = (
    HEADER.index(name) for name in ("event_type", "content_hash", "kafka_topic", "kafka_partition", "kafka_offset")
)

UNREADABLE_KEPT = 1_000
"""Most unreadable lines that are told one by one."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A line that is no event: where it is, and the CRC-32 of its bytes."""

    file: str
    line: int
    checksum: int


class CsvSide:
    """The CSV log in `folder`.

    Attributes
    ----------
    reached
        The offset after the newest one that was seen of each partition.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._found: list[Unreadable] = []
        self._settled: Counter[int] = Counter()
        self.reached: dict[TopicPartition, int] = {}

    def pour(self, comparison: Comparison, ranges: Mapping[TopicPartition, Range]) -> None:
        """Pour all events into `comparison`, except those that came after the end of `ranges`."""
        lines = self._lines()
        while batch := list(islice(lines, _BATCH)):
            comparison.add_kept("csv", [event for place in batch if (event := self._event(*place, comparison, ranges))])

    def rows(self, wanted: Wanted) -> Iterator[list[LogRow]]:
        """The rows of the events that `wanted` picks, in batches; of an event with several lines the last counts."""
        lines = self._lines()
        while batch := list(islice(lines, _BATCH)):
            by_id = {id_: line for _, _, line in batch if (id_ := _id_of(csv_files.fields_of(line))) is not None}
            rows = [row for id_ in wanted(list(by_id)) if (row := _row(by_id[id_])) is not None]
            if rows:
                yield rows

    def disown(self, ids: Set[bytes]) -> None:
        """Count lines that are not as they were written and claim to be of one of `ids` among the unreadable ones."""
        for path, number, line in self._lines():
            if split(line) is None and _id_of(csv_files.fields_of(line)) in ids:
                self._tell_unreadable(path, number, line)

    def unreadable(self) -> list[Unreadable]:
        """Lines that are no events, except those that earlier repairs have settled, and at most a thousand."""
        settled = self._settled.copy()
        left: list[Unreadable] = []
        for line in self._found:
            if settled[line.checksum]:
                settled[line.checksum] -= 1
            else:
                left.append(line)
        return left[:UNREADABLE_KEPT]

    def _lines(self) -> Iterator[tuple[Path, int, bytes]]:
        for path in csv_files.every(self._folder):
            for number, line in csv_files.raw_lines(path):
                yield path, number, line

    def _event(
        self, path: Path, number: int, line: bytes, comparison: Comparison, ranges: Mapping[TopicPartition, Range]
    ) -> tuple[bytes, int, bool, bool] | None:
        parts = split(line)
        fields = csv_files.fields_of(parts[0] if parts else line)
        id_ = _id_of(fields)
        if id_ is None:
            self._tell_unreadable(path, number, line)
            return None
        source = (fields[_TOPIC], _number(fields[_PARTITION]))
        offset = _number(fields[_OFFSET])
        self.reached[source] = max(self.reached.get(source, 0), offset + 1)
        alien = False
        if range_ := ranges.get(source):
            if offset >= range_.end:
                return None
            alien = offset >= range_.beginning
        if parts and fields[_TYPE] == "repair":
            self._settle(comparison, orjson.loads(parts[1].replace(b'""', b'"')))
        return id_, hash_number(fields[_HASH]), parts is not None, alien

    def _tell_unreadable(self, path: Path, number: int, line: bytes) -> None:
        if len(self._found) < 2 * UNREADABLE_KEPT:
            self._found.append(Unreadable(path.name, number, zlib.crc32(line)))

    def _settle(self, comparison: Comparison, repair: Mapping[str, Any]) -> None:
        comparison.settle_events(repair)
        self._settled.update(repair.get("unreadable", ()))


def is_torn(path: Path) -> bool:
    """Whether the last line of `path` has no end: it is just being written, or a crash tore it."""
    if not path.exists() or not path.stat().st_size:
        return False
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) != b"\n"


def _id_of(fields: Sequence[str]) -> bytes | None:
    """The id of the event that the fields are of; None when they are those of no event."""
    # The checksum and the message are apart from the others in a line that is as it was written.
    return uuid_bytes(fields[0]) if len(fields) in (len(HEADER), len(HEADER) - 2) else None


def _row(line: bytes) -> LogRow | None:
    try:
        return parse(csv_files.fields_of(line))
    except InvalidInput:
        return None


def _number(text: str) -> int:
    return int(text) if text.isdecimal() else -1
