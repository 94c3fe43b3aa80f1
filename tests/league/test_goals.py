"""What predictions say of the goals."""

from __future__ import annotations

import math
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_app.events import Configure, Features, LeagueConfig, Prediction
from stream_app.feeds.schedule import schedule
from stream_app.league import League
from stream_app.league.goals import goal_forecast
from tests.support.matches import played


def test_goals_agree_with_the_outcomes_that_the_kalman_filter_gives_and_with_each_other() -> None:
    league = League("cup")
    league.configure(Configure("cup", LeagueConfig(models=("base_rate",))))
    predictions: list[Prediction] = []
    for event in schedule(played("cup", 60)):
        if isinstance(event, Features):
            predictions += [output for output in league.predict(event) if isinstance(output, Prediction)]
            fixture = league.fixtures.of(event.match_id)
            assert fixture is not None
            x, sealed, goals = fixture.x, fixture.sealed, predictions[-1].goals
            assert goals is not None
            assert x is not None
            assert sealed is not None
            assert (predictions[-1].home_rating, predictions[-1].away_rating) == league.ratings.points(sealed.match)
            given = goals.probabilities
            assert math.log(given.H / given.D) == pytest.approx(x["kalman_log_hd"], abs=1e-6)
            assert math.log(given.A / given.D) == pytest.approx(x["kalman_log_ad"], abs=1e-6)
            assert pytest.approx(1.0, abs=1e-9) == given.H + given.D + given.A
        else:
            league.learn(event)
    for prediction in predictions:
        goals = prediction.goals
        assert goals is not None
        assert (goals.home_goals > goals.away_goals) == (goals.probabilities.H > goals.probabilities.A)
        chances = [score.probability for score in goals.scores]
        assert len(chances) == 5
        assert chances == sorted(chances, reverse=True)
        assert 0.0 < goals.both_score < 1.0
        # Whatever the five likeliest scores say of goals has a share in the totals.
        many = sum(score.probability for score in goals.scores if score.home_goals + score.away_goals > 2)
        assert many < goals.over_2_5 < 1.0 - sum(chances) + many + 1e-12


LOG_RATES = st.floats(-12.0, 2.0)


@given(LOG_RATES, LOG_RATES, st.floats(-0.25, 0.1))
def test_goals_are_those_of_the_whole_table_of_scores(log_home: float, log_away: float, rho: float) -> None:
    inputs = {
        "kalman_log_home_rate": log_home,
        "kalman_log_away_rate": log_away,
        "kalman_home_spread": 0.0,
        "kalman_away_spread": 0.0,
        "kalman_rho": rho,
    }
    # Dixon and Coles 1997, equation 4.2, for every score of up to ten goals a side.
    home, away = math.exp(log_home), math.exp(log_away)
    tau = {(0, 0): 1 - home * away * rho, (0, 1): 1 + home * rho, (1, 0): 1 + away * rho, (1, 1): 1 - rho}
    table = {
        (mine, theirs): max(tau.get((mine, theirs), 1.0), 0.0)
        * (math.exp(-home - away) * home**mine * away**theirs)
        / (math.factorial(mine) * math.factorial(theirs))
        for mine, theirs in product(range(11), repeat=2)
    }
    total = math.fsum(table.values())

    def chance(*scores: tuple[int, int]) -> float:
        return math.fsum(table[score] for score in scores) / total

    goals = goal_forecast(inputs)
    assert goals is not None
    near = 1e-9
    assert goals.home_goals == pytest.approx(math.fsum(a * p for (a, _), p in table.items()) / total, abs=near)
    assert goals.away_goals == pytest.approx(math.fsum(b * p for (_, b), p in table.items()) / total, abs=near)
    assert goals.over_2_5 == pytest.approx(chance(*(s for s in table if sum(s) > 2)), abs=2e-6)
    assert goals.both_score == pytest.approx(chance(*(s for s in table if min(s) > 0)), abs=2e-6)
    wins = [chance(*(s for s in table if s[0] > s[1])), chance(*(s for s in table if s[0] < s[1]))]
    said = [goals.probabilities.H, goals.probabilities.A]
    assert said == pytest.approx(wins, abs=5e-6)
    for place, found in enumerate(goals.scores):
        assert found.probability == pytest.approx(chance((found.home_goals, found.away_goals)), abs=near)
        assert found.probability == pytest.approx(sorted(table.values(), reverse=True)[place] / total, abs=near)
    assert 0.0 < goals.over_2_5 < 1.0
    assert 0.0 < goals.both_score < 1.0
