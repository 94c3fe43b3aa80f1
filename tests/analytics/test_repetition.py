from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_app.analytics.repetition import REMEMBERED, SHORTEST, Repetition

EVEN = (1 / 3, 1 / 3, 1 / 3)


def learned(places: list[int]) -> Repetition:
    repetition = Repetition()
    for place in places:
        repetition.learn(EVEN, place)
    return repetition


def test_nothing_is_foretold_before_something_came_again() -> None:
    repetition = learned([0, 1, 2, 0, 0, 1, 1, 2, 2])
    assert repetition.place is None
    assert [repetition.factor(EVEN, place) for place in range(3)] == [1.0, 1.0, 1.0]


def test_what_followed_the_last_outcomes_before_is_foretold_again() -> None:
    block = [0, 1, 2, 0, 0, 1, 1, 2, 2, 1, 0, 0]
    repetition = learned([*block, 2, 2, 2, *block[:SHORTEST]])
    assert repetition.place == SHORTEST
    for place in block[SHORTEST:]:
        assert repetition.place is not None
        assert b"HDA".index(repetition.past[repetition.place]) == place
        repetition.learn(EVEN, place)
    assert (repetition.n, repetition.kinds[0].seen) == (4, 4)


@given(st.lists(st.integers(0, 2), max_size=80))
def test_a_bet_on_a_repetition_is_fair(places: list[int]) -> None:
    repetition = learned(places * 2)
    assert sum(repetition.factor(EVEN, place) / 3 for place in range(3)) == pytest.approx(1.0)


@given(st.lists(st.integers(0, 2), min_size=1, max_size=40), st.integers(1, 200))
def test_the_place_that_is_followed_stands_after_the_same_outcomes_as_now(places: list[int], length: int) -> None:
    repetition = learned((places * length)[:300])
    if repetition.place is not None:
        before = repetition.past[max(0, repetition.place - SHORTEST) : repetition.place]
        assert repetition.past.endswith(before)
        assert repetition.place < len(repetition.past)


def test_what_is_remembered_stays_bounded_and_a_repetition_goes_on_across_the_cut() -> None:
    repetition = learned([0, 1, 1, 2, 0, 2, 1] * (REMEMBERED // 2))
    assert len(repetition.past) < 2 * REMEMBERED
    assert all(kind.seen == kind.n for kind in repetition.kinds)
    assert sum(kind.n for kind in repetition.kinds) == 7 * (REMEMBERED // 2) - 7 - SHORTEST


def test_an_outcome_without_a_forecast_is_remembered_and_counts_for_nothing() -> None:
    repetition = Repetition()
    for place in [0, 1, 2, 0, 0, 1, 1, 2] * 4:
        repetition.learn(None, place)
    assert repetition.n == 0
    assert repetition.place is not None


def test_by_chance_repetitions_foretell_no_better_than_the_forecasts() -> None:
    rng = random.Random(5)
    repetition = learned([rng.randrange(3) for _ in range(20_000)])
    assert repetition.n > 1_000
    assert abs(repetition.excess()) < 3.0
