r"""Rows of the evaluation log as lines of a CSV file that `csv`, pandas and spreadsheets read alike.

* A row is one line: no field contains a line break.
* The files are ASCII, so that no program can guess the encoding wrongly: in `metadata` JSON's own escapes stand for
  everything else. The few other texts may hold any letter and are UTF-8.
* Text that a spreadsheet would take for a formula starts with an apostrophe, as spreadsheets themselves mark text. A
  text that starts with an apostrophe of its own gets one more, so that taking one away gives the text back.
* An empty field says that there is no value. Times are ISO 8601 in UTC; truth is `true` or `false`; numbers are written
  so that reading them gives the same bits.
* The checksum (CRC-32 of the rest of the line, in hexadecimal) tells a line that somebody has changed.
* What is added together ends at the end of a block of the file: spaces that mean nothing follow its last message.
"""

from __future__ import annotations

import csv
import io
import json
import re
import zlib
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

import orjson

from stream_app.errors import InvalidInput
from stream_app.evaluation_log.row import COLUMNS, LogRow, iso

SCHEMA_VERSION = 1
"""Version of the columns; every line carries it."""

# The message is long: last, where it is least in a reader's way.
HEADER: tuple[str, ...] = (*COLUMNS[:-1], "schema_version", "checksum", COLUMNS[-1])

BLOCK = 4096
"""Bytes in a block: what is added to a file at once, for all readers, begins and ends at a multiple of it."""

# The message is the only field that is an object: it always has quotes in it, and so always is in quotes.
_MESSAGE = b',"{'
_CHECKSUM_LENGTH = 8
# Of a line, what is neither head nor checksum nor message: two commas, two quotes, the line break; and the checksum.
_AROUND = 5 + _CHECKSUM_LENGTH

_MARK = "'"
_MARKED = tuple("=+-@\uff1d\uff0b\uff0d\uff20" + _MARK)
_TEXTS = frozenset(("competition", "match_id", "model_id", "status", "kafka_topic"))
_TIMES = frozenset(("event_time", "recorded_at"))
_COUNTS = frozenset(("model_version", "kafka_partition", "kafka_offset"))
_NUMBERS = frozenset(("confidence", "p_home", "p_draw", "p_away", "log_loss", "rps", "brier"))
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]+")
_NEEDED = frozenset(("event_id", "event_type", "event_time", "content_hash", "recorded_at"))
_TRUTH = {"true": True, "false": False}

# Positions, because a row is a tuple.
_TEXT_AT = tuple(index for index, name in enumerate(COLUMNS) if name in _TEXTS)
_TIME_AT = tuple(index for index, name in enumerate(COLUMNS) if name in _TIMES)
_HIT_AT = COLUMNS.index("hit")


def header() -> bytes:
    """The first line of a file."""
    return (",".join(HEADER) + "\n").encode()


def lines(rows: Iterable[LogRow], start: int | None = None) -> bytes:
    """`rows` as lines, each with its line break.

    Parameters
    ----------
    start
        Where in a file they will begin; they then end at the end of a block, with spaces after the last message.
    """
    rows = list(rows)
    heads = io.StringIO()
    csv.writer(heads, lineterminator="\n").writerows(map(_fields, rows))
    parts: list[tuple[bytes, bytes]] = []
    for row, head in zip(rows, heads.getvalue().encode().split(b"\n"), strict=False):
        metadata = row.metadata
        if not metadata.isascii():
            metadata = _BEYOND_ASCII.sub(_escaped, metadata)
        parts.append((head, metadata.replace('"', '""').encode()))
    if start is not None and parts:
        end = start + sum(len(head) + len(message) + _AROUND for head, message in parts)
        head, message = parts[-1]
        parts[-1] = head, message + b" " * (-end % BLOCK)
    written: list[bytes] = []
    for head, message in parts:
        written += (head, b',%08x,"' % checksum(head, message), message, b'"\n')
    return b"".join(written)


def checksum(head: bytes, message: bytes) -> int:
    """CRC-32 of a line: of the fields before the checksum, and of the message as it is in its quotes."""
    return zlib.crc32(message, zlib.crc32(head))


def split(line: bytes) -> tuple[bytes, bytes] | None:
    """The two parts of `line` around its checksum, as `checksum` takes them; None when the checksum is not theirs."""
    end = line.find(_MESSAGE)
    head, message = line[: end - _CHECKSUM_LENGTH - 1], line[end + 2 : -2]
    found = line[end - _CHECKSUM_LENGTH - 1 : end]
    whole = end > 0 and line.endswith(b'"\n') and found == b",%08x" % checksum(head, message)
    return (head, message) if whole else None


def parse(fields: Sequence[str]) -> LogRow:
    """The row that the fields of a line say.

    Raises
    ------
    InvalidInput
        They are not those of a row; the text names the field.
    """
    if len(fields) != len(HEADER):
        raise InvalidInput(f"{len(fields)} fields: wanted {len(HEADER)}")
    *columns, version, _, metadata = fields
    if version != str(SCHEMA_VERSION):
        raise InvalidInput(f"schema_version {version[:20]!r}: wanted {SCHEMA_VERSION}")
    values: list[Any] = []
    for name, text in zip(COLUMNS, (*columns, metadata), strict=True):
        try:
            values.append(_value(name, text))
        except (ValueError, KeyError) as error:
            raise InvalidInput(f"{name} {text[:80]!r}: {error}") from None
    return LogRow._make(values)


def unmarked(text: str) -> str:
    """The text that a field of names holds, without the mark that keeps it from being a formula."""
    return text.removeprefix(_MARK)


def _fields(row: LogRow) -> list[Any]:
    fields: list[Any] = list(row)
    for index in _TIME_AT:
        fields[index] = iso(fields[index])
    for index in _TEXT_AT:
        if fields[index] is not None and fields[index].startswith(_MARKED):
            fields[index] = _MARK + fields[index]
    if row.hit is not None:
        fields[_HIT_AT] = "true" if row.hit else "false"
    fields[-1] = SCHEMA_VERSION
    return fields


def _escaped(found: re.Match[str]) -> str:
    return _escape(found.group())


# The same few letters come in name after name.
@lru_cache(maxsize=1024)
def _escape(text: str) -> str:
    return json.dumps(text)[1:-1]


def _value(name: str, text: str) -> Any:
    if name == "metadata":
        return orjson.dumps(orjson.loads(text)).decode()
    if not text:
        if name in _NEEDED:
            raise ValueError("wanted a value")
        return None
    if name in _TIMES:
        return datetime.fromisoformat(text)
    if name in _NUMBERS:
        return float(text)
    if name in _COUNTS:
        return int(text)
    if name == "hit":
        return _TRUTH[text]
    return unmarked(text) if name in _TEXTS else text
