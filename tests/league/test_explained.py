"""What a prediction says of how it came about."""

from __future__ import annotations

from dataclasses import replace

import pytest

from stream_app.contracts import encode
from stream_app.events import OUTCOMES, Configure, Features, Forecast, LeagueConfig, Prediction
from stream_app.feeds.schedule import schedule
from stream_app.league import League
from tests.support.matches import played

MATCHES = 80


def forecasts(*models: str, matches: int = MATCHES) -> list[dict[str, Forecast]]:
    """What each model says of each match of a small cup; `has_odds` tells of which there were odds."""
    league = League("cup")
    league.configure(Configure("cup", LeagueConfig(models=models)))
    said: list[dict[str, Forecast]] = []
    for event in schedule(played("cup", matches)):
        if isinstance(event, Features):
            odds = {"odds_home": 2.0, "odds_draw": 3.5, "odds_away": 4.0} if has_odds(len(said)) else None
            outputs = league.predict(replace(event, features=odds))
            for prediction in outputs:
                encode(prediction)
                if not isinstance(prediction, Prediction):
                    continue
                said.append({forecast.model: forecast for forecast in prediction.models})
        else:
            league.learn(event)
    assert len(said) == matches
    return said


def has_odds(place: int) -> bool:
    return place % 3 == 0


def test_the_members_of_a_model_add_up_to_what_it_says() -> None:
    for said in forecasts("match_model_v1", "logistic_regression_v1", "random_forest_v1", "ensemble_v1"):
        for model in ("match_model_v1", "ensemble_v1"):
            members = said[model].members
            assert sum(voice.weight for voice in members) == pytest.approx(1.0, abs=1e-9)
            for outcome in OUTCOMES:
                mixed = sum(voice.weight * voice.probabilities.of(outcome) for voice in members)
                assert mixed == pytest.approx(said[model].probabilities.of(outcome), abs=1e-5)


def test_the_ensemble_hears_what_the_others_say_of_the_same_match_wherever_it_stands() -> None:
    for order in (
        ("ensemble_v1", "random_forest_v1", "naive_bayes_v1"),
        ("random_forest_v1", "naive_bayes_v1", "ensemble_v1"),
    ):
        for said in forecasts(*order, matches=20):
            assert tuple(said) == order
            heard = {voice.member: voice.probabilities for voice in said["ensemble_v1"].members}
            assert set(heard) == {"random_forest_v1", "naive_bayes_v1"}
            for name, voice in heard.items():
                for outcome in OUTCOMES:
                    assert voice.of(outcome) == pytest.approx(said[name].probabilities.of(outcome), abs=1e-12)


def test_the_market_speaks_where_there_are_odds_and_nowhere_else() -> None:
    for place, said in enumerate(forecasts("match_model_v1")):
        names = {voice.member for voice in said["match_model_v1"].members}
        assert ("market" in names) == has_odds(place)
        assert {"elo", "kalman"} <= names


def test_a_forecast_that_is_far_from_the_base_rate_says_why_in_words() -> None:
    told = 0
    for said in forecasts("match_model_v1", "base_rate"):
        forecast = said["match_model_v1"]
        away_from_base = abs(forecast.confidence - said["base_rate"].probabilities.of(forecast.outcome))
        if away_from_base > 0.1:
            assert forecast.why
        shifts = [abs(reason.shift) for reason in forecast.why]
        assert shifts == sorted(shifts, reverse=True)
        for reason in forecast.why:
            told += 1
            assert reason.outcome == forecast.outcome
            assert reason.text.endswith(" likely")
    assert told > MATCHES / 2


def test_models_that_listen_learn_and_are_scored_like_all_others() -> None:
    league = League("cup")
    league.configure(Configure("cup", LeagueConfig(models=("ensemble_v1", "naive_bayes_v1"))))
    for event in schedule(played("cup", 20)):
        if isinstance(event, Features):
            league.predict(event)
        else:
            league.learn(event)
    assert [member.learned for member in league.squad.members.values()] == [20, 20]
    assert [line.total.n for line in league.scoreboard().models] == [20, 20]
