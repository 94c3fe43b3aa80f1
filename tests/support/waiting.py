"""Waiting for something to become true, without a fixed pause."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

POLL_S = 0.02

PATIENCE_S = 150.0
"""Longest wait, of a machine that does much else; who waits goes on as soon as there is something to see."""


def wait_until(holds: Callable[[], bool], what: str, timeout_s: float = PATIENCE_S) -> None:
    """Return as soon as `holds()`; fail with `what` when it does not within `timeout_s` seconds."""
    deadline = time.monotonic() + timeout_s
    while not holds():
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {timeout_s:.0f} s in vain until {what}")
        time.sleep(POLL_S)


async def until(holds: Callable[[], bool | Awaitable[bool]], what: str, timeout_s: float = PATIENCE_S) -> None:
    """The same, while the loop goes on; `holds` may be a coroutine function."""
    deadline = time.monotonic() + timeout_s
    while True:
        held = holds()
        if held if isinstance(held, bool) else await held:
            return
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {timeout_s:.0f} s in vain until {what}")
        await asyncio.sleep(POLL_S)
