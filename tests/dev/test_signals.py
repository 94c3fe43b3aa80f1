from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator

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


def test_a_signal_while_the_loop_is_being_made_lets_it_be_made_and_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    began = []

    class Slow(asyncio.SelectorEventLoop):
        def __init__(self) -> None:
            os.kill(os.getpid(), signal.SIGINT)
            super().__init__()

    async def work() -> None:
        began.append(1)

    monkeypatch.setattr(asyncio, "new_event_loop", Slow)
    monkeypatch.setattr("asyncio.runners.events.new_event_loop", Slow)
    with pytest.raises(KeyboardInterrupt):
        run_until_signal(work())

    assert began == []


def test_a_signal_while_the_loop_is_closing_does_not_cut_it_short() -> None:
    closed = []

    async def numbers() -> AsyncIterator[int]:
        try:
            yield 1
        finally:
            os.kill(os.getpid(), signal.SIGINT)
            await asyncio.sleep(0)
            closed.append(1)

    async def work() -> int:
        return await anext(aiter(kept))

    kept = numbers()
    with pytest.raises(KeyboardInterrupt):
        run_until_signal(work())

    assert closed == [1]
