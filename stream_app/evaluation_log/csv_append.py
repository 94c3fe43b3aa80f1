"""Adds to the file that is being written so that no program that reads it meanwhile sees half a row.

A plain write is seen page by page, and pages end inside rows. A write past the page cache (`O_DIRECT`) is seen at once:
ext4 and XFS move the end of the file a single time, when all bytes are on the disk. It has to begin and to end at a
block; so `csv_format.lines` fills what is added up to the end of one, and a file that ends elsewhere, as one that is
nothing but its header, is replaced under its name by a longer one.
"""

from __future__ import annotations

import ctypes
import errno
import mmap
import os
import shutil
from pathlib import Path

from stream_app.evaluation_log.csv_files import sync_folder
from stream_app.evaluation_log.csv_format import BLOCK

FULL = (errno.ENOSPC, errno.EDQUOT)
"""What the system says when there is no room."""

# Not everywhere: without it rows are kept as safely, but seen page by page.
_DIRECT = getattr(os, "O_DIRECT", 0)
_KEEP_SIZE = 1
_HALF_DONE = ".part"


def add(path: Path, content: bytes, size: int) -> int:
    """Add `content` to the file `path` of `size` bytes, durably; the new size. All or nothing, also for readers."""
    if size and size % BLOCK == 0:
        _append(path, content, size)
    else:
        _replace(path, content, size)
    return size + len(content)


def clear(path: Path) -> None:
    """Throw away what a crash has left of a longer file that was to replace `path`."""
    _beside(path).unlink(missing_ok=True)


def _append(path: Path, content: bytes, size: int) -> None:
    descriptor = _opened(path)
    try:
        # On a disk that becomes full a write can end halfway, for all to see: so the room is taken before.
        _reserve(descriptor, size, len(content))
        # Memory that begins at a page, which such a write wants too.
        aligned = mmap.mmap(-1, len(content))
        aligned[:] = content
        done = 0
        while done < len(content):
            done += os.write(descriptor, memoryview(aligned)[done:])
        os.fsync(descriptor)
    except BaseException:
        os.ftruncate(descriptor, size)
        raise
    finally:
        os.close(descriptor)


def _opened(path: Path) -> int:
    flags = os.O_WRONLY | os.O_APPEND
    try:
        return os.open(path, flags | _DIRECT)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
        return os.open(path, flags)


def _reserve(descriptor: int, size: int, length: int) -> None:
    """Take the room for `length` bytes after the end. Python's own call would move the end of the file, too."""
    libc = ctypes.CDLL(None, use_errno=True)
    if hasattr(libc, "fallocate"):
        failed = libc.fallocate(descriptor, _KEEP_SIZE, ctypes.c_long(size), ctypes.c_long(length))
        # Some file systems cannot; whatever else is wrong the write itself will say.
        if failed and (number := ctypes.get_errno()) in FULL:
            raise OSError(number, os.strerror(number))


def _replace(path: Path, content: bytes, size: int) -> None:
    beside = _beside(path)
    try:
        with beside.open("wb") as file:
            if size:
                with path.open("rb") as old:
                    shutil.copyfileobj(old, file)
                shutil.copymode(path, beside)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.rename(path)
    except BaseException:
        clear(path)
        raise
    sync_folder(path.parent)


def _beside(path: Path) -> Path:
    return path.with_name(path.name + _HALF_DONE)
