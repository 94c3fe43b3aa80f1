from __future__ import annotations

import asyncio
import os
import signal

import pytest

from stream_app.dev.signals import run_until_signal, stopped_by_signals


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_ending_signal_interrupts_once_and_the_handlers_come_back(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    cleaned = False

    def work() -> None:
        nonlocal cleaned
        with stopped_by_signals():
            try:
                os.kill(os.getpid(), number)
            finally:
                os.kill(os.getpid(), number)
                cleaned = True

    with pytest.raises(KeyboardInterrupt):
        work()

    assert cleaned
    assert signal.getsignal(number) is before


def test_a_signal_cancels_what_runs_in_a_loop_in_order_and_then_interrupts() -> None:
    ended = []

    async def work() -> None:
        other = asyncio.create_task(asyncio.sleep(60))
        asyncio.get_running_loop().call_soon(os.kill, os.getpid(), signal.SIGTERM)
        try:
            await other
        finally:
            os.kill(os.getpid(), signal.SIGTERM)
            await asyncio.sleep(0.01)
            ended.append(other.cancelled())

    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt):
        run_until_signal(work())

    assert ended == [True]
    assert signal.getsignal(signal.SIGTERM) is before


def test_what_runs_in_a_loop_gives_its_value_back() -> None:
    async def work() -> int:
        return 42

    assert run_until_signal(work()) == 42
