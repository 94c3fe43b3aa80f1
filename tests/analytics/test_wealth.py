from __future__ import annotations

import math
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_app.analytics.wealth import LARGEST_LOG, Wealth, log_mean_exp

FACTORS = st.floats(0.05, 5.0)


def test_a_gambler_begins_with_one_and_no_evidence() -> None:
    wealth = Wealth()
    assert (wealth.evidence(), wealth.p_value()) == (1.0, 1.0)


@given(chance=st.floats(0.05, 0.95), ratio=st.floats(0.1, 3.0), bets=st.integers(1, 9))
def test_the_mean_wealth_is_one_when_the_odds_are_fair(chance: float, ratio: float, bets: int) -> None:
    total = chance * ratio + (1.0 - chance)
    factors = ratio / total, 1.0 / total
    mean = 0.0
    for path in product((0, 1), repeat=bets):
        wealth, probability = Wealth(), 1.0
        for side in path:
            wealth.bet(factors[side])
            probability *= (chance, 1.0 - chance)[side]
        mean += probability * wealth.evidence()
    assert mean == pytest.approx(1.0)


@given(st.lists(FACTORS, max_size=60))
def test_the_p_value_is_the_reciprocal_of_the_largest_wealth_and_never_grows(factors: list[float]) -> None:
    wealth, largest = Wealth(), 1.0
    for factor in factors:
        before = wealth.p_value()
        wealth.bet(factor)
        largest = max(largest, wealth.evidence())
        assert wealth.p_value() <= before
        assert wealth.p_value() == pytest.approx(1.0 / largest)


def test_after_a_thousand_lost_bets_there_is_still_something_to_bet() -> None:
    wealth = Wealth()
    for _ in range(1_000):
        wealth.bet(0.9)
    lowest = wealth.log
    assert lowest > -10.0
    for _ in range(20):
        wealth.bet(2.0)
    assert wealth.log > lowest + 6.0


def test_a_wealth_beyond_all_numbers_is_told_as_a_large_one() -> None:
    wealth = Wealth()
    for _ in range(2_000):
        wealth.bet(3.0)
    assert wealth.evidence() == math.exp(LARGEST_LOG)
    assert 0.0 < wealth.p_value() < 1e-200


@given(st.lists(st.floats(-20.0, 20.0), min_size=1, max_size=6))
def test_the_mean_of_wealths_is_taken_of_the_wealths_themselves(logs: list[float]) -> None:
    assert math.exp(log_mean_exp(logs)) == pytest.approx(sum(map(math.exp, logs)) / len(logs))
