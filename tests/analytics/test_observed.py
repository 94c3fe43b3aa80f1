from __future__ import annotations

import numpy as np
import pytest
import scipy
from hypothesis import given
from hypothesis import strategies as st

from stream_app.analytics.observed import Hits, Observed, Triple

TRIPLES = st.tuples(*[st.floats(0.05, 1.0)] * 3).map(
    lambda parts: (parts[0] / sum(parts), parts[1] / sum(parts), parts[2] / sum(parts))
)
MATCHES = st.lists(st.tuples(TRIPLES, st.integers(0, 2)), max_size=60)


def test_with_equal_probabilities_the_statistic_is_pearsons() -> None:
    chances = (0.5, 0.3, 0.2)
    counts = [40, 35, 25]
    observed = Observed()
    for place, count in enumerate(counts):
        for _ in range(count):
            observed.add(chances, place)
    expected = scipy.stats.chisquare(counts, [100.0 * chance for chance in chances]).statistic
    assert observed.chi_square() == pytest.approx(expected)


@given(MATCHES.filter(bool))
def test_the_statistic_is_the_squared_distance_that_linear_algebra_gives(matches: list[tuple[Triple, int]]) -> None:
    observed = Observed()
    away_from, covariance = np.zeros(2), np.zeros((2, 2))
    for chances, place in matches:
        observed.add(chances, place)
        p = np.array([chances[0], chances[2]])
        away_from += np.array([place == 0, place == 2]) - p
        covariance += np.diag(p) - np.outer(p, p)
    expected = away_from @ np.linalg.solve(covariance, away_from)
    assert observed.chi_square() == pytest.approx(float(expected), rel=1e-6, abs=1e-9)


def test_nothing_seen_is_nothing_unusual() -> None:
    assert Observed().chi_square() == 0.0
    assert Hits(1.0).excess() == 0.0


@given(MATCHES, TRIPLES)
def test_a_bet_is_fair_whatever_was_seen(matches: list[tuple[Triple, int]], chances: Triple) -> None:
    observed = Observed()
    for past, place in matches:
        observed.add(past, place)
    assert sum(chances[place] * observed.factor(chances, place) for place in range(3)) == pytest.approx(1.0)
    hits = Hits(2.0)
    for past, place in matches:
        hits.add(past[0], place == 0)
    mean = chances[0] * hits.factor(chances[0], True) + (1.0 - chances[0]) * hits.factor(chances[0], False)
    assert mean == pytest.approx(1.0)


def test_a_bet_is_on_what_came_more_often_than_expected() -> None:
    observed, hits = Observed(), Hits(10.0)
    for _ in range(30):
        observed.add((0.4, 0.3, 0.3), 1)
        hits.add(0.4, True)
    assert observed.factor((0.4, 0.3, 0.3), 1) > 1.0 > observed.factor((0.4, 0.3, 0.3), 0)
    assert hits.factor(0.4, True) > 1.0 > hits.factor(0.4, False)
    assert hits.excess() == pytest.approx((30 - 12.0) / (30 * 0.24) ** 0.5)
