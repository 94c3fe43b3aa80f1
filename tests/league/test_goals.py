"""What predictions say of the goals."""

from __future__ import annotations

import math

import pytest

from stream_app.events import Configure, Features, LeagueConfig, Prediction
from stream_app.feeds.schedule import schedule
from stream_app.league import League
from tests.support.matches import played


def test_goals_agree_with_the_outcomes_that_the_kalman_filter_gives_and_with_each_other() -> None:
    league = League("cup")
    league.configure(Configure("cup", LeagueConfig(models=("base_rate",))))
    predictions: list[Prediction] = []
    for event in schedule(played("cup", 60)):
        if isinstance(event, Features):
            predictions += [output for output in league.predict(event) if isinstance(output, Prediction)]
            x = league.fixtures.known[event.match_id].x
            goals = predictions[-1].goals
            assert goals is not None
            assert x is not None
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
