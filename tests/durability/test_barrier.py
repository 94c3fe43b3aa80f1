from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from stream_app.durability.barrier import Barrier


def test_an_entry_that_comes_before_its_turn_waits_for_the_ones_before_it() -> None:
    barrier: Barrier[str] = Barrier()
    barrier.expect(0, 10)
    barrier.offer(0, 11, "second")

    assert barrier.take(10) == []

    barrier.offer(0, 10, "first")

    assert barrier.take(10) == [(0, 10, "first"), (0, 11, "second")]


def test_an_entry_that_has_passed_is_dropped() -> None:
    barrier: Barrier[str] = Barrier()
    barrier.expect(0, 10)
    barrier.offer(0, 9, "old")
    barrier.offer(0, 10, "now")
    assert barrier.take(10) == [(0, 10, "now")]

    barrier.offer(0, 10, "again")

    assert barrier.take(10) == []


def test_a_partition_that_is_not_ours_gives_nothing() -> None:
    barrier: Barrier[str] = Barrier()
    barrier.offer(3, 0, "not ours")

    assert barrier.take(10) == []


def test_it_tells_how_many_entries_wait_of_all_partitions() -> None:
    barrier: Barrier[str] = Barrier()
    for partition in (0, 1):
        barrier.expect(partition, 0)
        barrier.offer(partition, 0, "first")
    barrier.offer(1, 2, "too early")
    before = len(barrier)
    barrier.take(10)

    assert (before, len(barrier)) == (3, 1)


def test_after_clear_nothing_of_before_comes_out() -> None:
    barrier: Barrier[str] = Barrier()
    barrier.expect(0, 0)
    barrier.offer(0, 0, "before")
    barrier.clear()
    barrier.expect(0, 5)

    assert barrier.take(10) == []


def test_take_gives_no_more_than_asked_for_and_loses_nothing() -> None:
    barrier: Barrier[int] = Barrier()
    barrier.expect(0, 0)
    for offset in range(5):
        barrier.offer(0, offset, offset)

    assert [item for _, _, item in barrier.take(3)] == [0, 1, 2]
    assert [item for _, _, item in barrier.take(3)] == [3, 4]


@given(seed=st.integers(0, 10_000), sizes=st.lists(st.integers(0, 30), min_size=1, max_size=4))
def test_whatever_the_interleaving_each_partition_comes_out_in_its_order(seed: int, sizes: list[int]) -> None:
    rng = random.Random(seed)
    barrier: Barrier[int] = Barrier()
    entries = [(partition, offset) for partition, size in enumerate(sizes) for offset in range(size)]
    for partition in range(len(sizes)):
        barrier.expect(partition, 0)
    rng.shuffle(entries)
    out: list[tuple[int, int, int]] = []
    for partition, offset in entries:
        barrier.offer(partition, offset, offset)
        if rng.random() < 0.3:
            out += barrier.take(rng.randint(1, 7))
    out += barrier.take(len(entries) + 1)

    for partition, size in enumerate(sizes):
        assert [offset for p, offset, _ in out if p == partition] == list(range(size))
