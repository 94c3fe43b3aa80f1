"""What is on its way to the brokers."""

from __future__ import annotations

import asyncio

import pytest

from stream_app.agents.outbox import Outbox


def sent(outbox: Outbox, count: int) -> list[asyncio.Future[object]]:
    futures = [asyncio.get_running_loop().create_future() for _ in range(count)]
    for future in futures:
        outbox.add(future)
    return futures


async def test_all_before_a_mark_has_arrived_when_the_slowest_of_it_has() -> None:
    outbox = Outbox()
    first, second = sent(outbox, 2)
    mark = outbox.sent
    (third,) = sent(outbox, 1)
    assert outbox.arrived(0)
    second.set_result(None)
    assert not outbox.arrived(mark)
    first.set_result(None)
    assert outbox.arrived(mark)
    assert not outbox.arrived(outbox.sent)
    assert len(outbox) == 1
    third.set_result(None)
    await outbox.wait(outbox.sent)
    assert len(outbox) == 0


async def test_waiting_ends_with_the_patience() -> None:
    outbox = Outbox()
    (future,) = sent(outbox, 1)
    await outbox.wait(outbox.sent, 0.01)
    assert not outbox.arrived(outbox.sent)
    assert not future.cancelled()


async def test_what_the_brokers_refused_is_raised() -> None:
    outbox = Outbox()
    (future,) = sent(outbox, 1)
    future.set_exception(ValueError("refused"))
    with pytest.raises(ValueError, match="refused"):
        await outbox.wait(outbox.sent)


async def test_what_was_forgotten_counts_as_arrived_also_for_who_waits() -> None:
    outbox = Outbox()
    futures = sent(outbox, 2)
    waiting = asyncio.create_task(outbox.wait(outbox.sent))
    await asyncio.sleep(0)
    outbox.clear()
    futures[0].set_result(None)
    await asyncio.wait_for(waiting, 1.0)
    assert outbox.arrived(outbox.sent)
