from __future__ import annotations

from stream_app.events import Configure, Features, LeagueConfig
from stream_app.feeds.backtest import backtest
from stream_app.feeds.schedule import schedule
from stream_app.feeds.stopwatch import RATINGS, Stopwatch
from stream_app.league import League
from tests.support.matches import played

CONFIG = LeagueConfig(models=("ensemble_v1", "match_model_v1", "naive_bayes_v1"))


def test_a_league_under_the_watch_explains_its_forecasts_as_ever() -> None:
    leagues = League("cup"), League("cup")
    for league in leagues:
        league.configure(Configure("cup", CONFIG))
    Stopwatch().attach(leagues[0])
    for event in schedule(played("cup", 20)):
        timed, plain = (
            league.predict(event) if isinstance(event, Features) else league.learn(event) for league in leagues
        )
        assert timed == plain


def test_a_league_under_the_watch_says_the_same_and_every_turn_is_timed() -> None:
    watch = Stopwatch()
    timed = list(backtest([*played("a", 20), *played("b", 10)], lambda _: CONFIG, watch))
    assert timed == list(backtest([*played("a", 20), *played("b", 10)], lambda _: CONFIG))
    assert set(watch.times) == {RATINGS, *CONFIG.models}
    for times in watch.times.values():
        assert (len(times.predict), len(times.learn)) == (30, 30)
        assert all(time > 0 for time in (*times.predict, *times.learn, *times.medians()))
