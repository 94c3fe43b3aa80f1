"""The signals that ask a program to end, as exceptions that let it clean up in order."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from functools import partial
from types import FrameType
from typing import TypeVar

T = TypeVar("T")

ENDING_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def stopped_by_signals() -> Iterator[None]:
    """Within this, the signals that ask a program to end raise KeyboardInterrupt, so that it can clean up in order."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        # One request is enough: a second one must not cut the cleaning short.
        for it in ENDING_SIGNALS:
            signal.signal(it, signal.SIG_IGN)
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in ENDING_SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def run_until_signal(coroutine: Coroutine[object, object, T]) -> T:
    """What `coroutine` returns, run in a loop of its own; an ending signal cancels it and raises KeyboardInterrupt.

    An exception out of a signal's handler would hit whichever task happens to run, or the loop while it is being made
    or closed; a handler that only takes note lets all of them end in order.
    """
    asked = False
    cancel: Callable[[], object] = bool

    def note(number: int, frame: FrameType | None) -> None:
        nonlocal asked
        if not asked:
            asked = True
            cancel()

    async def main() -> T:
        nonlocal cancel
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        if task:
            # The one call that is safe in a handler: it wakes the loop, which cancels the task between two steps.
            cancel = partial(loop.call_soon_threadsafe, task.cancel)
        try:
            if asked:
                raise asyncio.CancelledError
            return await coroutine
        finally:
            cancel = bool
            coroutine.close()

    before = {number: signal.signal(number, note) for number in ENDING_SIGNALS}
    try:
        result = asyncio.run(main())
    except asyncio.CancelledError:
        if not asked:
            raise
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if asked:
        raise KeyboardInterrupt
    return result
