"""How the keeper shares the event loop: with what brings its entries, and with long work."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from itertools import pairwise

import pytest
from faust.types import TP

from stream_app.agents.keeper import FEW, REST, TURN_S, TURNS, Keeper
from stream_app.topics import EVALUATIONS, LOG, PREDICTIONS
from tests.agents.remembering import Remembering, done, tell


async def test_a_long_log_is_not_held_in_memory(
    keeper: Keeper, world: Remembering, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stream_app.agents.keeper.WAITING_FULL", 8)
    monkeypatch.setattr("stream_app.agents.keeper.WAITING_DROPPED", 4)
    tell(keeper, "alpha", 0, 5)
    assert world.full == []
    tell(keeper, "alpha", 0, 20, skip=6)
    assert world.full == [("full", TP(LOG, 0))]
    while await keeper._apply_waiting():
        pass
    assert world.full == [("full", TP(LOG, 0)), ("drop", TP(LOG, 0))]


class Pauses:
    """A clock that only the keeper's pauses move on, and only its steps of long work that of the processor.

    `comes` is called in every pause, a millisecond after its beginning, and says whether an entry has come.
    """

    def __init__(self, keeper: Keeper, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now, self.worked_s = 100.0, 0.0
        self.taken: list[float] = []
        self.comes: Callable[[], bool] = lambda: False
        monkeypatch.setattr("stream_app.agents.keeper.thread_time", lambda: self.worked_s)
        monkeypatch.setattr("stream_app.agents.keeper.monotonic", lambda: self.now)
        monkeypatch.setattr(keeper, "_wait_for_entries", self.pause)

    async def pause(self, until: float) -> None:
        end = self.now + 0.001 if self.comes() else until
        self.taken.append(end - self.now)
        self.now = end


async def test_the_event_loop_has_several_times_as_long_after_a_step_as_that_worked_whatever_it_waited_for(
    keeper: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A match takes a dozen turns from the brokers to the league and back; it must not wait for a step at each of them.
    clock = Pauses(keeper, monkeypatch)

    async def steps() -> AsyncGenerator[None, None]:
        for number in range(30):
            clock.worked_s += 0.003 if number < 20 else TURN_S
            if number == 10:
                clock.now += 2 * TURN_S  # brokers that are away for a while
            yield

    await keeper._drive(steps(), keeper._apply_waiting)
    assert clock.taken == [pytest.approx(REST * 0.003)] * 20 + [pytest.approx(TURN_S)] * 10


async def test_what_comes_in_a_pause_of_long_work_is_applied_in_it_and_does_not_end_it(
    keeper: Keeper, world: Remembering, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Pauses(keeper, monkeypatch)
    told = iter((1, 2))

    def comes() -> bool:
        if (events := next(told, None)) is None:
            return False
        tell(keeper, "alpha", 0, events, skip=events if events > 1 else 0)
        return True

    clock.comes = comes
    predicted: list[int] = []

    async def steps() -> AsyncGenerator[None, None]:
        for _ in range(2):
            predicted.append([topic for topic, _ in world.out].count(PREDICTIONS))
            clock.worked_s += 0.003
            yield

    await keeper._drive(steps(), keeper._apply_waiting)
    assert predicted == [0, 2]
    assert clock.taken == [pytest.approx(it) for it in (0.001, 0.001, REST * 0.003 - 0.002, REST * 0.003)]


@pytest.mark.parametrize(("few", "turns"), [(FEW, TURNS), (0, 0)])
async def test_each_entry_is_followed_by_turns_of_the_event_loop_but_not_when_many_wait(
    keeper: Keeper, world: Remembering, monkeypatch: pytest.MonkeyPatch, few: int, turns: int
) -> None:
    monkeypatch.setattr("stream_app.agents.keeper.FEW", few)
    passed, at_output, is_over = 0, list[int](), False

    async def count() -> None:
        nonlocal passed
        while not is_over:
            passed += 1
            await asyncio.sleep(0)

    async def send(topic: str, *_: object) -> Awaitable[object]:
        if topic in (PREDICTIONS, EVALUATIONS):
            at_output.append(passed)
        return done()

    monkeypatch.setattr(world, "send", send)
    tell(keeper, "alpha", 0, 6)
    counting = asyncio.create_task(count())
    await keeper._apply_waiting()
    is_over = True
    await counting
    assert len(at_output) == 6
    assert {after - before for before, after in pairwise(at_output)} == {turns}
