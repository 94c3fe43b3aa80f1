from __future__ import annotations

import pytest

from stream_app.durability.guards import Fence, OffsetGuard
from stream_app.errors import Fatal


def test_a_gap_in_the_log_is_fatal_and_says_where() -> None:
    guard = OffsetGuard("predict")
    guard.expect("match-log", 2, 7)
    assert guard.admit("match-log", 2, 7)

    with pytest.raises(Fatal, match=r"predict: match-log\[2\] jumped from offset 8 to 10"):
        guard.admit("match-log", 2, 10)


def test_a_gap_is_no_loss_where_gaps_are_allowed() -> None:
    guard = OffsetGuard("order")
    guard.expect("match-features", 0, 0)

    assert guard.admit("match-features", 0, 3, gaps_allowed=True)
    assert guard.next_offset("match-features", 0) == 4


def test_a_message_that_comes_twice_is_admitted_once() -> None:
    guard = OffsetGuard("learn")
    guard.expect("match-log", 0, 0)

    assert [guard.admit("match-log", 0, offset) for offset in (0, 0, 1, 0, 1, 2)] == [
        True,
        False,
        True,
        False,
        False,
        True,
    ]


def test_before_a_partition_is_ours_and_after_it_was_taken_away_nothing_is_admitted() -> None:
    guard = OffsetGuard("learn")
    assert not guard.admit("match-log", 0, 0)
    guard.expect("match-log", 0, 0)
    guard.clear()

    assert not guard.admit("match-log", 0, 0)


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_worker_that_stood_still_for_too_long_may_not_go_on() -> None:
    clock = Clock()
    fence = Fence(clock, limit=4.0)
    fence.beat()
    clock.now += 4.1

    with pytest.raises(Fatal, match=r"stood still for 4\.1 s"):
        fence.check()


def test_a_late_beat_does_not_make_up_for_a_standstill() -> None:
    clock = Clock()
    fence = Fence(clock, limit=4.0)
    fence.beat()
    clock.now += 5.0

    with pytest.raises(Fatal, match="stood still"):
        fence.beat()


def test_a_worker_that_takes_long_to_start_has_not_stood_still() -> None:
    clock = Clock()
    fence = Fence(clock, limit=4.0)
    clock.now += 60.0

    fence.check()
    fence.beat()


def test_a_worker_whose_loop_beats_may_write_for_ever() -> None:
    clock = Clock()
    fence = Fence(clock, limit=4.0)
    for _ in range(100):
        clock.now += 3.9
        fence.beat()

    fence.check()
