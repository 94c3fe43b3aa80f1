from __future__ import annotations

from stream_app.events import LeagueConfig
from stream_app.feeds.backtest import backtest
from stream_app.feeds.stopwatch import RATINGS, Stopwatch
from tests.support.matches import played

CONFIG = LeagueConfig(models=("elo_softmax", "base_rate"))


def test_a_league_under_the_watch_says_the_same_and_every_turn_is_timed() -> None:
    watch = Stopwatch()
    timed = list(backtest([*played("a", 20), *played("b", 10)], lambda _: CONFIG, watch))
    assert timed == list(backtest([*played("a", 20), *played("b", 10)], lambda _: CONFIG))
    assert set(watch.times) == {RATINGS, *CONFIG.models}
    for times in watch.times.values():
        assert (len(times.predict), len(times.learn)) == (30, 30)
        assert all(time > 0 for time in (*times.predict, *times.learn, *times.medians()))
