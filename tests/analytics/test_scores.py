from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from stream_app.analytics.scores import BINS, THIRDS, Uniformity, transform
from stream_app.events import GoalRates
from stream_app.ratings.scores import score_matrix

RATES = GoalRates(0.4, -0.1, 0.0, 0.0, -0.1)
GOALS = st.integers(0, 30)


@given(st.floats(-2.0, 2.0), st.floats(-2.0, 2.0), GOALS, GOALS, st.text(max_size=5))
def test_a_transform_lies_between_0_and_1_and_depends_on_the_match_alone(
    home: float, away: float, mine: int, theirs: int, match_id: str
) -> None:
    rates = GoalRates(home, away, 0.1, 0.0, -0.05)
    told = transform(rates, match_id, mine, theirs)
    assert told == transform(rates, match_id, mine, theirs)
    assert all(0.0 <= place <= 1.0 for place in told)


def test_more_goals_lie_higher() -> None:
    places = [transform(RATES, "a", goals, 0)[0] for goals in range(6)]
    assert places == sorted(places)


def test_scores_as_foretold_are_uniform_on_both_sides_and_the_sides_independent() -> None:
    rng = random.Random(11)
    matrix = score_matrix(RATES.log_home_rate, RATES.log_away_rate, 0.0, 0.0, RATES.rho)
    cells = [(mine, theirs) for mine in range(11) for theirs in range(11)]
    drawn = rng.choices(cells, [matrix[mine][theirs] for mine, theirs in cells], k=4_000)
    home, away = zip(*(transform(RATES, str(at), *score) for at, score in enumerate(drawn)), strict=True)
    assert stats.kstest(home, "uniform").pvalue > 0.01
    assert stats.kstest(away, "uniform").pvalue > 0.01
    assert stats.spearmanr(home, away).pvalue > 0.01


@given(st.lists(st.floats(0.0, 1.0), max_size=50))
def test_a_bet_on_the_scale_is_fair(places: list[float]) -> None:
    uniformity = Uniformity()
    for place in places:
        uniformity.add(place)
    middles = [(at + 0.5) / BINS for at in range(BINS)]
    assert sum(uniformity.factor(place) for place in middles) / BINS == pytest.approx(1.0)
    assert sum(uniformity.pair_factor(place) for place in (0.1, 0.5, 0.9)) / THIRDS == pytest.approx(1.0)


def test_the_statistic_is_scipys() -> None:
    uniformity = Uniformity()
    assert uniformity.chi_square() == 0.0
    for place in [0.05] * 7 + [0.55] * 3 + [1.0] * 4 + [0.31, 0.92]:
        uniformity.add(place)
    assert uniformity.n == 16
    assert uniformity.chi_square() == pytest.approx(stats.chisquare(uniformity.counts).statistic)


def test_pairs_of_successive_transforms_are_counted_by_thirds() -> None:
    uniformity = Uniformity()
    assert uniformity.pair_chi_square() == 0.0
    for place in [0.1, 0.2, 0.9, 0.1, 0.5, 1.0, 0.3]:
        uniformity.add(place)
    assert uniformity.pairs == [1, 1, 1, 0, 0, 1, 2, 0, 0]
    rows = [[1, 1, 1], [0, 0, 1], [2, 0, 0]]
    assert uniformity.n_pairs == 6
    assert uniformity.pair_chi_square() == pytest.approx(sum(stats.chisquare(row).statistic for row in rows))


def test_a_generator_that_gives_numbers_again_is_bet_against() -> None:
    uniformity = Uniformity()
    for place in [0.1, 0.1, 0.5, 0.5, 0.9, 0.9] * 20:
        uniformity.add(place)
    assert uniformity.last == 2
    assert uniformity.pair_factor(0.95) > 1.0 > uniformity.pair_factor(0.5)
