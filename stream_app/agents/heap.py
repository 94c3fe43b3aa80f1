"""Memory that a worker no longer needs goes back to the system."""

from __future__ import annotations

import ctypes
import platform

LARGE_BYTES = 64 * 1024
"""Smallest block that is large. A snapshot has 70 to 200 kilobytes."""

HUGE_BYTES = 32 * 1024 * 1024
"""The most to which the C library raises that by itself; it trims its heap when twice as much is free at the end."""

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3


def set_large_blocks_apart() -> None:
    """Have the C library give large blocks, from now on, pages of their own; nothing where it is not glibc.

    These go back to the system as soon as such a block is freed. By itself the library does so from 128 KiB on, and
    raises that to the size of the largest block that was ever freed, which is soon megabytes. The snapshots of leagues
    that come to life then leave holes between small objects, and these stay with the process: of a thousand of 160 kB
    nothing came back, and this way all did.
    """
    _set(LARGE_BYTES, HUGE_BYTES)


def set_large_blocks_among_others() -> None:
    """Undo that for what is made from now on: what is read from a connection is soon freed, and pages cost time."""
    _set(HUGE_BYTES, 2 * HUGE_BYTES)


def _set(apart: int, trimmed: int) -> None:
    if platform.libc_ver()[0] == "glibc":
        ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, apart)
        ctypes.CDLL(None).mallopt(_M_TRIM_THRESHOLD, trimmed)
