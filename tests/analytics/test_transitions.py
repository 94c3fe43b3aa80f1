from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from stream_app.analytics.transitions import ENOUGH, MOST_PAIRINGS, SHOWN_PAIRINGS, Chain, Pairings, described

PLACES = st.lists(st.integers(0, 2), max_size=80)


@given(PLACES)
def test_counts_are_those_of_successive_outcomes(places: list[int]) -> None:
    chain = Chain()
    for place in places:
        chain.learn(place)
    told, seen = chain.figures(), Counter(pairwise(places))
    assert told.n == max(len(places) - 1, 0)
    assert all(told.counts[row][column] == seen[row, column] for row in range(3) for column in range(3))


@given(st.lists(st.integers(0, 50), min_size=9, max_size=9))
def test_shares_are_chances_and_p_values_are_scipys(counts: list[int]) -> None:
    told = described(tuple(counts))
    assert all(sum(row) == pytest.approx(1.0, abs=1e-5) and min(row) > 0.0 for row in told.probabilities)
    table = [row for row in told.counts if any(row)]
    columns = [column for column in zip(*table, strict=True) if any(column)]
    if len(table) > 1 and len(columns) > 1:
        assert told.p_value == pytest.approx(stats.chi2_contingency(columns, correction=False).pvalue, abs=1e-6)
    else:
        assert told.p_value == 1.0


def test_a_row_with_few_pairs_says_what_all_rows_say_and_one_with_many_what_it_saw() -> None:
    told = described((0, 0, 0, 500, 300, 200, 1, 0, 0))
    assert told.probabilities[0] == pytest.approx((0.5, 0.3, 0.2), abs=0.002)
    assert told.probabilities[1] == pytest.approx((0.5, 0.3, 0.2), abs=0.002)
    assert told.probabilities[2][0] == pytest.approx(0.545, abs=0.002)


def test_a_chain_foretells_what_followed_the_last_outcome() -> None:
    chain = Chain()
    assert chain.next_chances() is None
    for _ in range(100):
        for place in (0, 1, 2):
            chain.learn(place)
    chances = chain.next_chances()
    assert chances is not None
    assert chances[0] > 0.9


def test_only_pairings_with_enough_history_are_shown_and_the_longest_come_first() -> None:
    pairings = Pairings()
    for home, meetings in (("few", ENOUGH), ("enough", ENOUGH + 1), ("many", ENOUGH + 5)):
        for meeting in range(meetings):
            pairings.learn(home, "away", meeting % 3)
    told = pairings.figures()
    assert [(one.home, one.transitions.n) for one in told] == [("many", ENOUGH + 4), ("enough", ENOUGH)]
    assert all(one.adjusted == pytest.approx(min(1.0, 2 * one.transitions.p_value)) for one in told)


def test_at_most_so_many_pairings_are_shown_and_remembered() -> None:
    pairings = Pairings()
    for meeting in range(ENOUGH + 1):
        for team in range(SHOWN_PAIRINGS + 3):
            pairings.learn(f"Team {team:02}", "away", meeting % 3)
    assert [one.home for one in pairings.figures()] == [f"Team {team:02}" for team in range(SHOWN_PAIRINGS)]
    for team in range(2 * MOST_PAIRINGS):
        pairings.learn(f"New {team}", "away", 0)
    assert len(pairings) == MOST_PAIRINGS
    assert pairings.figures() == ()


def test_counts_of_a_pairing_end_where_a_byte_does() -> None:
    pairings = Pairings()
    for _ in range(300):
        pairings.learn("home", "away", 0)
    assert pairings.figures()[0].transitions.counts[0] == (255, 0, 0)
