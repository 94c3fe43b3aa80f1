from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from stream_app.evaluation.calibration import Calibration
from stream_app.events import Probabilities
from stream_app.web import present
from tests.web.made import board, evaluation, prediction


@pytest.mark.parametrize(("share", "digits", "said"), [(0.456, 0, "46%"), (0.4567, 1, "45.7%"), (math.nan, 0, "–")])  # noqa: RUF001  the sign that people see
def test_a_share_is_said_as_a_percentage(share: float, digits: int, said: str) -> None:
    assert present.percent(share, digits) == said


def test_a_change_has_a_sign() -> None:
    assert present.signed(0.0321) == "+3.2%"
    assert present.signed(-0.0321) == "\N{MINUS SIGN}3.2%"
    assert present.signed(math.nan) == present.NOTHING


def test_a_figure_that_is_none_is_a_dash() -> None:
    assert present.figure(None) == present.figure(math.inf) == present.NOTHING
    assert present.figure(0.98765) == "0.988"


def test_thousands_are_set_apart() -> None:
    assert present.count(14018) == "14,018"


def test_a_time_is_shown_in_utc_with_its_zone_and_its_seconds_on_hover() -> None:
    berlin = timezone(timedelta(hours=2))
    assert present.when(datetime(2024, 8, 23, 20, 30, tzinfo=berlin)) == (
        '<time datetime="2024-08-23T18:30:00Z" title="23 Aug 2024, 18:30:00 UTC">23 Aug 2024, 18:30 UTC</time>'
    )
    assert "data-day" in present.when(datetime(2024, 8, 23, tzinfo=UTC), day_only=True)
    assert present.when(None) == present.NOTHING


@pytest.mark.parametrize(
    ("key", "title"),
    [("bundesliga", "Bundesliga"), ("premier-league", "Premier League"), ("La Liga", "La Liga"), ("", "")],
)
def test_a_key_becomes_a_heading(key: str, title: str) -> None:
    assert present.title_of(key) == title


def test_a_model_is_written_as_people_write_it() -> None:
    assert present.model_name("elo_softmax") == "Elo softmax"


def test_the_champion_speaks_and_the_first_model_where_none_is_marked() -> None:
    forecast = present.champion_forecast(prediction())
    assert forecast is not None
    assert forecast.model == "elo_softmax"
    unmarked = replace(prediction(), models=prediction().models[1:])
    other = present.champion_forecast(unmarked)
    assert other is not None
    assert other.model == "base_rate"
    assert present.champion_forecast(None) is None
    assert present.champion_score(evaluation(goals=None, status="void")) is None


def test_the_gain_is_what_the_base_rate_loses_more() -> None:
    standings = board(200, loss=0.51)
    champion, base_rate = standings.models
    assert present.gain(champion, standings, rolling=False) == pytest.approx(0.5)
    assert present.gain(champion, standings, rolling=True) == pytest.approx(0.49)
    assert present.gain(base_rate, standings, rolling=True) is None


def test_there_is_no_gain_before_the_first_scored_match() -> None:
    empty = board(0)
    assert present.gain(empty.models[0], empty, rolling=False) is None


def test_there_is_no_gain_where_the_two_were_scored_on_different_matches() -> None:
    first, reference = board(200).models
    newer = replace(first, version=2, total=replace(first.total, n=20))
    both = replace(board(200), models=(newer, reference))
    assert present.gain(newer, both, rolling=False) is None
    assert present.gain(newer, both, rolling=True) is not None


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        (present.nats(-0.03124), "\N{MINUS SIGN}0.0312"),
        (present.nats(0.004), "+0.0040"),
        (present.nats(math.nan), present.NOTHING),
        (present.odds(0.0416), "0.04"),
        (present.odds(31.49), "31"),
        (present.odds(4e9), "over a million"),
        (present.odds(math.inf), present.NOTHING),
        (present.chance(0.0421), "0.042"),
        (present.chance(1e-9), "under 0.001"),
        (present.chance(math.nan), present.NOTHING),
        (present.points(-22.4), "\N{MINUS SIGN}22"),
        (present.points(math.inf), present.NOTHING),
        (present.note(True), "yes"),
        (present.note(False), "no"),
        (present.note(0.0300000001), "0.03"),
        (present.note("manual"), "manual"),
        (present.event_said("rolled_back"), "Rolled back"),
        (present.query({"action": "promote", "model": None, "version": 2}), "action=promote&version=2"),
    ],
)
def test_values_are_said_as_people_read_them(said: str, wanted: str) -> None:
    assert said == wanted


def test_a_dot_covers_its_share_of_the_forecasts() -> None:
    calibration = Calibration()
    for _ in range(10):
        calibration.add(Probabilities(0.55, 0.25, 0.2), "H")
    radii = [present.radius(bin_, calibration) for bin_ in calibration.bins()]
    assert sum(((radius - 1.0) / 7.0) ** 2 for radius in radii) == pytest.approx(1.0)
