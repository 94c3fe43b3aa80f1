"""Memory that a worker no longer needs goes back to the system."""

from __future__ import annotations

import ctypes
import platform

LARGE_BYTES = 64 * 1024
"""Blocks of at least this size have pages of their own. A snapshot has 70 to 200 kilobytes."""

_M_MMAP_THRESHOLD = -3


def give_back_large_blocks() -> None:
    """Have the C library give a large block back to the system as soon as it is freed; nothing where it is not glibc.

    By itself it does so from 128 KiB on, and raises that to the size of the largest block that was ever freed, which is
    soon megabytes. The snapshots of leagues that come to life then leave holes between small objects, and these stay
    with the process: of a thousand of 160 kB nothing came back, and this way all did.
    """
    if platform.libc_ver()[0] == "glibc":
        ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, LARGE_BYTES)
