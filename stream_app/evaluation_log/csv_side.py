"""What the CSV files say, for a comparison with the topics and the database."""

from __future__ import annotations

import os
import re
import uuid
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import orjson

from stream_app.errors import InvalidInput
from stream_app.evaluation_log import csv_files
from stream_app.evaluation_log.comparison import HASH_LENGTH, Comparison
from stream_app.evaluation_log.csv_format import HEADER, parse, split, unmarked
from stream_app.evaluation_log.findings import Facts, Range, Wanted, match_key, seconds
from stream_app.evaluation_log.row import LogRow
from stream_app.evaluation_log.store import TopicPartition

_BATCH = 5_000
_KICKOFF = re.compile(rb'""kickoff"":""([^"]+)""')
_IN_TIME = b'""late"":false'

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
            comparison.add("csv", [event for place in batch if (event := self._event(*place, comparison, ranges))])

    def rows(self, wanted: Wanted) -> Iterator[list[LogRow]]:
        """The rows of the events that `wanted` picks, in batches; of an event with several lines the last counts."""
        lines = self._lines()
        while batch := list(islice(lines, _BATCH)):
            by_id = {id_: line for _, _, line in batch if (id_ := _id_of(csv_files.fields_of(line))) is not None}
            rows = [row for id_ in wanted(list(by_id)) if (row := _row(by_id[id_])) is not None]
            if rows:
                yield rows

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
    ) -> tuple[object, ...] | None:
        parts = split(line)
        fields = csv_files.fields_of(parts[0] if parts else line)
        id_ = _id_of(fields)
        if id_ is None:
            if len(self._found) < 2 * UNREADABLE_KEPT:
                self._found.append(Unreadable(path.name, number, zlib.crc32(line)))
            return None
        known = _known(fields)
        message = parts[1] if parts else line
        facts = Facts(
            id_,
            known["event_type"],
            seconds(known["event_time"]),
            unmarked(known["competition"]) or None,
            _uuid(known["prediction_id"]),
            _uuid(known["supersedes"]),
            *_of_prediction(known, message),
        )
        alien = False
        source, offset = (known["kafka_topic"], _number(known["kafka_partition"])), _number(known["kafka_offset"])
        self.reached[source] = max(self.reached.get(source, 0), offset + 1)
        if range_ := ranges.get(source):
            if offset >= range_.end:
                return None
            alien = offset >= range_.beginning
        if facts.type == "repair" and parts:
            self._settle(comparison, orjson.loads(message.replace(b'""', b'"')))
        return (*facts, known["content_hash"][:HASH_LENGTH], parts is not None, alien)

    def _settle(self, comparison: Comparison, repair: Mapping[str, Any]) -> None:
        comparison.settle((uuid.UUID(id_).bytes, lines) for id_, lines in repair.get("lines", {}).items())
        self._settled.update(repair.get("unreadable", ()))


def is_torn(path: Path) -> bool:
    """Whether the last line of `path` has no end: it is just being written, or a crash tore it."""
    if not path.exists() or not path.stat().st_size:
        return False
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) != b"\n"


def _known(fields: Sequence[str]) -> dict[str, str]:
    return dict(zip(HEADER, fields, strict=False))


def _id_of(fields: Sequence[str]) -> bytes | None:
    """The id of the event that the fields are of; None when they are those of no event."""
    # The checksum and the message are apart from the others in a line that is as it was written.
    return _uuid(fields[0]) if len(fields) in (len(HEADER), len(HEADER) - 2) else None


def _row(line: bytes) -> LogRow | None:
    try:
        return parse(csv_files.fields_of(line))
    except InvalidInput:
        return None


def _of_prediction(known: Mapping[str, str], message: bytes) -> tuple[float | None, bytes | None]:
    if known["event_type"] != "prediction":
        return None, None
    kickoff = _KICKOFF.search(message) if _IN_TIME in message else None
    match = match_key(unmarked(known["competition"]), unmarked(known["match_id"]))
    return (seconds(kickoff[1].decode()) if kickoff else None), match


def _uuid(text: str) -> bytes | None:
    try:
        return uuid.UUID(text).bytes if text else None
    except ValueError:
        return None


def _number(text: str) -> int:
    return int(text) if text.isdecimal() else -1
