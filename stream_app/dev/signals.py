"""The signals that ask a program to end, as exceptions that let it clean up in order."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
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

    An exception out of a signal's handler would hit whichever task happens to run; this lets all of them end in order.
    """
    asked = False

    async def main() -> T:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()

        def cancel() -> None:
            nonlocal asked
            if not asked and task:
                asked = True
                task.cancel()

        before = {number: signal.getsignal(number) for number in ENDING_SIGNALS}
        for number in ENDING_SIGNALS:
            loop.add_signal_handler(number, cancel)
        try:
            return await coroutine
        finally:
            for number, handler in before.items():
                loop.remove_signal_handler(number)
                signal.signal(number, handler)

    try:
        return asyncio.run(main())
    except asyncio.CancelledError:
        if asked:
            raise KeyboardInterrupt from None
        raise
