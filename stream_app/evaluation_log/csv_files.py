"""The files of the CSV log: one that is being written, and a compressed one for each month that is over."""

from __future__ import annotations

import csv
import fcntl
import gzip
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from stream_app.errors import InvalidInput
from stream_app.evaluation_log.csv_format import header

STEM = "evaluation_log"
ACTIVE = f"{STEM}.csv"
"""The file that is being written."""

# The csv module reads 128 KiB a field by default; a message may be as long as the brokers take it.
csv.field_size_limit(16 * 1_048_576)

_COMPRESSED = ".gz"
_HALF_DONE = ".part"


def active(folder: Path) -> Path:
    """The file of the log in `folder` that is being written."""
    return folder / ACTIVE


def closed(folder: Path) -> list[Path]:
    """The files of the months that are over, oldest first; of a file that is just being compressed only one."""
    found = {
        path.name.removesuffix(_COMPRESSED): path
        for path in sorted(folder.glob(f"{STEM}-*.csv*"))
        if path.suffix != _HALF_DONE
    }
    return [found[name] for name in sorted(found)]


def every(folder: Path) -> list[Path]:
    """All files of the log, oldest first."""
    current = active(folder)
    return [*closed(folder), *([current] if current.exists() else [])]


def close_active(folder: Path, month: str) -> None:
    """Give the file that is being written the name of its month, so that a new one can begin."""
    for path in _names_for(folder, month):
        if not path.exists() and not _compressed(path).exists():
            active(folder).rename(path)
            sync_folder(folder)
            return


def compress_closed(folder: Path) -> None:
    """Compress what is not compressed yet of the months that are over; does again what a crash left half done.

    Leaves it to another process that is at it already.
    """
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        _compress_closed(folder)
    except BlockingIOError:
        return
    finally:
        os.close(descriptor)


def _compress_closed(folder: Path) -> None:
    for half_done in folder.glob(f"{STEM}-*{_HALF_DONE}"):
        half_done.unlink()
    for path in sorted(folder.glob(f"{STEM}-*.csv")):
        target = _compressed(path)
        if not target.exists():
            half_done = target.with_name(target.name + _HALF_DONE)
            with path.open("rb") as source, half_done.open("wb") as raw:
                with gzip.open(raw, "wb") as packed:
                    shutil.copyfileobj(source, packed)
                raw.flush()
                os.fsync(raw.fileno())
            half_done.rename(target)
            sync_folder(folder)
        path.unlink()


def read(path: Path, start: int = 0) -> Iterator[tuple[int, list[str]]]:
    """The complete lines of `path` as numbered lists of fields; see `raw_lines`."""
    for number, line in raw_lines(path, start):
        yield number, fields_of(line)


def fields_of(line: bytes) -> list[str]:
    """The fields of one line. Line by line, so that a damaged one with an open quote does not swallow the next."""
    return next(csv.reader([line.decode(errors="replace")]), [])


def raw_lines(path: Path, start: int = 0) -> Iterator[tuple[int, bytes]]:
    """The complete lines of `path` with their numbers, without the header.

    A last line without its line break is still being written, or was torn by a crash: it is left out.

    Parameters
    ----------
    start
        Byte at which to begin: 0, or the beginning of a line. Lines are counted from there.

    Raises
    ------
    InvalidInput
        The file has another header than the log's.
    """
    with _open(path) as raw:
        raw.seek(start)
        if start == 0:
            check_header(path, raw.readline())
        for number, line in enumerate(raw, start=1 if start else 2):
            if line.endswith(b"\n"):
                yield number, line


def check_header(path: Path, line: bytes) -> None:
    """Raises InvalidInput when `line` is not the header of a log of this version."""
    if line.endswith(b"\n") and line != header():
        raise InvalidInput(
            f"{path} is no evaluation log of this version: its first line is {line[:80]!r}. Move the file away"
        )


def sync_folder(folder: Path) -> None:
    """Make new and changed names in `folder` survive a power loss."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _open(path: Path) -> BinaryIO:
    if path.suffix == _COMPRESSED:
        return gzip.open(path, "rb")  # type: ignore[return-value]  # a GzipFile is a binary stream in all but name
    return path.open("rb")


def _compressed(path: Path) -> Path:
    return path.with_name(path.name + _COMPRESSED)


def _names_for(folder: Path, month: str) -> Iterator[Path]:
    yield folder / f"{STEM}-{month}.csv"
    number = 2
    while True:
        yield folder / f"{STEM}-{month}-{number}.csv"
        number += 1
