"""Events from files of JSON Lines: each line is a message, just as it stands in its topic.

Both kinds may be in one file. A line with `as_of` is match features, one with `finished_at` a match result.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

import orjson

from stream_app.contracts import parse
from stream_app.errors import InvalidInput
from stream_app.events import Features, Result
from stream_app.feeds.schedule import merge_key
from stream_app.topics import FEATURES, RESULTS


@dataclass(frozen=True, slots=True)
class RefusedLine:
    """A line that is no message. `number` counts from 1."""

    file: Path
    number: int
    reason: str

    def __str__(self) -> str:
        return f"{self.file}:{self.number}: {self.reason}"


@contextmanager
def events(
    files: Sequence[Path], *, max_bytes: int, refuse: Callable[[RefusedLine], None]
) -> Iterator[Iterator[Features | Result]]:
    """The messages of `files` as events, read as they are asked for.

    Lines of one file keep their order; several files are merged by event time, as the worker merges its inputs.

    Parameters
    ----------
    max_bytes
        Longest line that is taken for a message.
    refuse
        Told of every line that is no message; reading goes on after it.

    Raises
    ------
    InvalidInput
        A file cannot be read.
    """
    with ExitStack() as stack:
        try:
            opened = [(file, stack.enter_context(file.open("rb"))) for file in files]
        except OSError as error:
            raise InvalidInput(f"file {error.filename}: {error.strerror}; wanted a file of JSON Lines") from None
        yield heapq.merge(*(_read(file, lines, max_bytes, refuse) for file, lines in opened), key=merge_key)


def _read(
    file: Path, lines: BinaryIO, max_bytes: int, refuse: Callable[[RefusedLine], None]
) -> Iterator[Features | Result]:
    for number, line in enumerate(_bounded(lines, max_bytes), start=1):
        if len(line) <= max_bytes and not line.strip():
            continue
        try:
            yield _event(line, max_bytes)
        except InvalidInput as error:
            refuse(RefusedLine(file, number, str(error)))


def _bounded(lines: BinaryIO, max_bytes: int) -> Iterator[bytes]:
    """The lines without their ends; of one that is longer than `max_bytes` as much as shows that it is."""
    while line := lines.readline(max_bytes + 2):
        rest = line
        while not rest.endswith(b"\n") and (rest := lines.readline(max_bytes)):
            pass
        yield line.rstrip(b"\r\n")


def _event(line: bytes, max_bytes: int) -> Features | Result:
    if len(line) > max_bytes:
        raise InvalidInput(f"line of more than {max_bytes} bytes: wanted at most that")
    try:
        fields = orjson.loads(line)
    except orjson.JSONDecodeError:
        fields = None
    if not isinstance(fields, dict):
        return _parsed(FEATURES, None, line, max_bytes)  # It says better what is wrong with the line.
    if "as_of" not in fields and "finished_at" not in fields:
        raise InvalidInput("neither as_of nor finished_at is there: wanted match features or a match result")
    topic = FEATURES if "as_of" in fields else RESULTS
    # In a file nothing but the message itself says to which competition it belongs.
    return _parsed(topic, str(fields.get("competition", "")).encode(), line, max_bytes)


def _parsed(topic: str, key: bytes | None, line: bytes, max_bytes: int) -> Features | Result:
    # Of these two topics the messages are these two kinds.
    return cast(Features | Result, parse(topic, key, line, max_bytes=max_bytes))
