import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_app.ratings.scores import (
    HIGHEST_LOG_RATE,
    LOWEST_LOG_RATE,
    MOST_GOALS,
    RHO_HIGHEST,
    RHO_LOWEST,
    goal_probabilities,
    learned_rho,
    low_score_factor,
    outcome_probabilities,
    score_matrix,
    score_sheet,
)

log_rates = st.floats(LOWEST_LOG_RATE, HIGHEST_LOG_RATE)
ordinary_log_rates = st.floats(-1.5, 1.15)
"""Rates of which no `rhos` makes a probability negative: that of 0:0 would be, where rho times both rates exceeds 1."""
rhos = st.floats(RHO_LOWEST, RHO_HIGHEST)


def matrix(log_home: float, log_away: float, rho: float) -> dict[tuple[int, int], float]:
    """Every score's probability, each worked out on its own."""
    home, away = math.exp(log_home), math.exp(log_away)
    raw = {
        (mine, theirs): home**mine
        * math.exp(-home)
        / math.factorial(mine)
        * away**theirs
        * math.exp(-away)
        / math.factorial(theirs)
        * low_score_factor(mine, theirs, home, away, rho)
        for mine in range(MOST_GOALS + 1)
        for theirs in range(MOST_GOALS + 1)
    }
    total = sum(raw.values())
    return {score: chance / total for score, chance in raw.items()}


def test_tau_is_that_of_dixon_and_coles() -> None:
    assert low_score_factor(0, 0, 1.5, 1.1, -0.1) == pytest.approx(1 + 1.5 * 1.1 * 0.1)
    assert low_score_factor(0, 1, 1.5, 1.1, -0.1) == pytest.approx(1 - 1.5 * 0.1)
    assert low_score_factor(1, 0, 1.5, 1.1, -0.1) == pytest.approx(1 - 1.1 * 0.1)
    assert low_score_factor(1, 1, 1.5, 1.1, -0.1) == pytest.approx(1.1)
    assert low_score_factor(2, 0, 1.5, 1.1, -0.1) == 1.0


@given(ordinary_log_rates, ordinary_log_rates, rhos)
def test_outcomes_are_the_sums_of_their_scores(log_home: float, log_away: float, rho: float) -> None:
    scores = matrix(log_home, log_away, rho)
    told = outcome_probabilities(goal_probabilities(log_home), goal_probabilities(log_away), rho)
    assert told[0] == pytest.approx(sum(p for (mine, theirs), p in scores.items() if mine > theirs))
    assert told[1] == pytest.approx(sum(p for (mine, theirs), p in scores.items() if mine == theirs))
    assert told[2] == pytest.approx(sum(p for (mine, theirs), p in scores.items() if mine < theirs))


@given(log_rates, log_rates, rhos, st.floats(0, 1), st.floats(0, 1))
def test_every_outcome_of_every_possible_match_has_a_chance(
    log_home: float, log_away: float, rho: float, home_spread: float, away_spread: float
) -> None:
    told = outcome_probabilities(
        goal_probabilities(log_home, home_spread), goal_probabilities(log_away, away_spread), rho
    )
    assert min(told) > 0.0
    assert sum(told) == pytest.approx(1.0, abs=1e-12)


@given(ordinary_log_rates, ordinary_log_rates, rhos)
def test_the_score_sheet_says_what_the_scores_say(log_home: float, log_away: float, rho: float) -> None:
    scores = matrix(log_home, log_away, rho)
    sheet = score_sheet(
        {
            "kalman_log_home_rate": log_home,
            "kalman_log_away_rate": log_away,
            "kalman_home_spread": 0.0,
            "kalman_away_spread": 0.0,
            "kalman_rho": rho,
        }
    )
    assert sheet.home_goals == pytest.approx(sum(mine * p for (mine, _), p in scores.items()))
    assert sheet.away_goals == pytest.approx(sum(theirs * p for (_, theirs), p in scores.items()))
    assert sheet.over_2_5 == pytest.approx(sum(p for score, p in scores.items() if sum(score) > 2))
    assert sheet.both_score == pytest.approx(sum(p for score, p in scores.items() if min(score) > 0))
    best = sorted(scores.values(), reverse=True)[:5]
    assert [score.probability for score in sheet.likeliest] == pytest.approx(best)
    for score in sheet.likeliest:
        assert score.probability == pytest.approx(scores[score.home_goals, score.away_goals])
    told = outcome_probabilities(goal_probabilities(log_home), goal_probabilities(log_away), rho)
    assert (sheet.home_wins, sheet.draws, sheet.away_wins) == pytest.approx(told)


@given(ordinary_log_rates, ordinary_log_rates, rhos)
def test_the_matrix_has_the_probability_of_every_score(log_home: float, log_away: float, rho: float) -> None:
    scores = matrix(log_home, log_away, rho)
    told = score_matrix(log_home, log_away, 0.0, 0.0, rho)
    assert {(mine, theirs): p for mine, row in enumerate(told) for theirs, p in enumerate(row)} == pytest.approx(scores)


@given(log_rates, log_rates, st.floats(0, 1), st.floats(0, 1), rhos)
def test_the_matrix_sums_up_to_the_score_sheet(
    log_home: float, log_away: float, home_spread: float, away_spread: float, rho: float
) -> None:
    told = score_matrix(log_home, log_away, home_spread, away_spread, rho)
    sheet = score_sheet(
        {
            "kalman_log_home_rate": log_home,
            "kalman_log_away_rate": log_away,
            "kalman_home_spread": home_spread,
            "kalman_away_spread": away_spread,
            "kalman_rho": rho,
        }
    )
    assert sum(p for mine, row in enumerate(told) for p in row[mine + 1 :]) == pytest.approx(sheet.away_wins)
    assert told[1][1] <= max(map(max, told)) == pytest.approx(sheet.likeliest[0].probability)


def test_a_spread_of_the_rate_is_averaged_over() -> None:
    few, some, many = (goal_probabilities(0.2 + place * 0.4) for place in (-math.sqrt(3), 0.0, math.sqrt(3)))
    mean = [(low + 4 * middle + high) / 6 for low, middle, high in zip(few, some, many, strict=True)]
    assert goal_probabilities(0.2, 0.4) == pytest.approx(mean)


@pytest.mark.parametrize(("home", "away"), [(0, 0), (0, 1), (1, 0), (1, 1)])
def test_rho_takes_a_step_along_the_slope_of_the_likelihood(home: int, away: int) -> None:
    def log_tau(rho: float) -> float:
        return math.log(low_score_factor(home, away, 1.4, 1.1, rho))

    slope = (log_tau(-0.03 + 1e-6) - log_tau(-0.03 - 1e-6)) / 2e-6
    assert learned_rho(home, away, 1.4, 1.1, -0.03) == pytest.approx(-0.03 + 0.002 * slope, rel=1e-6)


def test_higher_scores_teach_rho_nothing() -> None:
    assert learned_rho(2, 1, 1.4, 1.1, -0.03) == -0.03
