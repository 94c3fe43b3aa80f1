"""When a league raises alerts, of whom, and what it says in them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream_app.evaluation.alarm import Change, Sight
from stream_app.events import (
    AlertKind,
    AlertState,
    Configure,
    DecayAlert,
    LeagueConfig,
    ModelStanding,
    Output,
    name_id,
)
from stream_app.league import League
from stream_app.league.alerting import sentence
from stream_app.league.digest import digest
from tests.league.story import COMPETITION, Event, features, new_league, predictions, reloaded, result, tell

CONFIG = LeagueConfig(models=("base_rate",), window=5, cold_matches=5, alert_rate=50.0)
GOOD, BAD = (1, 0), (0, 1)


def story(numbers: range, goals: tuple[int, int]) -> list[Event]:
    """A match a day that ends with `goals`."""
    return [event for n in numbers for event in (features(f"m{n}", day=n), result(f"m{n}", goals, day=n))]


def alerts(outputs: Iterable[Output]) -> list[DecayAlert]:
    return [output for output in outputs if isinstance(output, DecayAlert)]


def decayed() -> tuple[League, list[DecayAlert]]:
    """A league whose model has learned to expect home wins, in a competition that has none any more."""
    league = new_league(CONFIG)
    assert alerts(tell(league, *story(range(20), GOOD))) == []
    return league, alerts(tell(league, *story(range(20, 26), BAD)))


def test_a_decaying_model_is_reported_once_with_its_match() -> None:
    _, told = decayed()
    raised = [alert for alert in told if alert.kind == "decay" and alert.state == "raised"]
    [alert] = raised
    assert (alert.model, alert.version, alert.metric, alert.window) == ("base_rate", 1, "log_loss", 5)
    assert alert.alert_id == name_id("alert", COMPETITION, "base_rate", 1, "decay", "log_loss", 1, "raised")
    assert alert.match_id in {f"m{n}" for n in range(20, 26)}
    assert alert.at == result(alert.match_id, BAD, day=int(alert.match_id[1:])).finished_at
    assert alert.measured > alert.promised * (1.0 + CONFIG.decay_drop)
    assert alert.evidence == alert.limit == 40.0


def test_every_alert_has_an_id_of_its_own_and_comes_once() -> None:
    league, told = decayed()
    later = story(range(26, 90), GOOD) + story(range(90, 110), BAD) + story(range(110, 200), GOOD)
    told += alerts(tell(league, *later))
    assert len({alert.alert_id for alert in told}) == len(told) > 6
    lives: dict[tuple[str, str], list[AlertState]] = {}
    for alert in told:
        lives.setdefault((alert.kind, alert.metric), []).append(alert.state)
    for states in lives.values():
        assert states[0] == "raised"
        assert all(one != other for one, other in pairwise(states))


@given(st.sets(st.integers(0, 119), max_size=4))
@settings(max_examples=10, deadline=None)
def test_a_league_that_comes_back_from_a_snapshot_loses_no_alert_and_doubles_none(crashes: set[int]) -> None:
    events = story(range(20), GOOD) + story(range(20, 30), BAD) + story(range(30, 60), GOOD)
    expected = alerts(tell(new_league(CONFIG), *events))
    league, told = new_league(CONFIG), []
    for place, event in enumerate(events):
        if place in crashes:
            league = reloaded(league)
        told += alerts(tell(league, event))
    assert told == expected
    assert {alert.state for alert in told} >= {"raised", "resolved"}


def test_a_cold_model_is_not_watched() -> None:
    league = new_league(replace(CONFIG, cold_matches=1_000))
    assert alerts(tell(league, *story(range(20), GOOD), *story(range(20, 40), BAD))) == []
    [line] = league.scoreboard().models
    assert (line.health, line.reason) == ("cold", "has learned 40 of the 1000 matches that it takes")


def test_a_match_counts_once_in_the_evidence_however_often_it_is_corrected() -> None:
    league = new_league(CONFIG)
    tell(league, *story(range(12), GOOD))
    watch = league.squad.members["base_rate"].watch
    before = digest([watch.decay.evidence, watch.calibration.evidence, watch.drift.shift, league.squad.alerts.outcomes])
    tell(
        league, result("m11", BAD, "corrected", day=11, after=5.0), result("m11", None, "postponed", day=11, after=6.0)
    )
    tell(league, result("m11", BAD, day=11, after=7.0))
    after = digest([watch.decay.evidence, watch.calibration.evidence, watch.drift.shift, league.squad.alerts.outcomes])
    assert before == after


def test_outcomes_are_watched_though_nobody_foretold_them() -> None:
    league = new_league(replace(CONFIG, window=20))
    tell(league, *(result(f"m{n}", GOOD if n % 3 else BAD, day=n / 4) for n in range(200)))
    told = alerts(tell(league, *(result(f"m{n}", (0, 0), day=n / 4) for n in range(200, 300))))
    assert {(alert.kind, alert.model) for alert in told} == {("drift", "base_rate")}
    assert {"home_rate", "draw_rate"} <= {alert.metric for alert in told}


def test_there_is_a_look_after_a_day_without_a_result() -> None:
    league = new_league(replace(CONFIG, alert_rate=0.001))
    assert alerts(tell(league, *story(range(30), GOOD), *story(range(30, 34), BAD))) == []
    # With this setting the last match would have raised an alert, and nothing has looked since.
    league.configure(Configure(COMPETITION, CONFIG))
    assert alerts(tell(league, features("soon", day=33.5))) == []
    told = alerts(tell(league, features("later", day=35.5)))
    assert "decay" in {alert.kind for alert in told}
    assert {(alert.match_id, alert.at) for alert in told} == {("later", features("later", day=35.5).as_of)}
    assert alerts(tell(league, features("much later", day=40))) == []


def test_what_is_open_is_resolved_once_when_its_model_leaves() -> None:
    league, told = decayed()
    opened = {(alert.kind, alert.metric) for alert in told if alert.model == "base_rate" and alert.kind != "drift"}
    assert opened
    league.configure(Configure(COMPETITION, replace(CONFIG, models=("elo_softmax",))))
    resolved = alerts(tell(league, features("next", day=40)))
    assert {(alert.kind, alert.metric) for alert in resolved} == opened
    assert {(alert.model, alert.state, alert.message) for alert in resolved} == {
        ("base_rate", "resolved", "version 1 of base_rate has left its place")
    }
    assert alerts(tell(league, features("next but one", day=41))) == []


def test_what_is_open_about_the_outcomes_is_resolved_when_the_competition_begins_anew() -> None:
    league = new_league(replace(CONFIG, window=20))
    tell(league, *(result(f"m{n}", GOOD if n % 3 else BAD, day=n / 4) for n in range(200)))
    told = alerts(tell(league, *(result(f"m{n}", (0, 0), day=n / 4) for n in range(200, 240))))
    raised = {alert.metric for alert in told if alert.state == "raised"}
    assert raised
    league.configure(Configure(COMPETITION, replace(CONFIG, window=20, kind="national")))
    resolved = alerts(tell(league, features("next", day=70)))
    assert {(alert.metric, alert.version, alert.state) for alert in resolved} == {(it, 1, "resolved") for it in raised}


def line_of(league: League) -> ModelStanding:
    [line] = league.scoreboard().models
    return line


def test_the_scoreboard_says_how_a_model_is() -> None:
    league, _ = decayed()
    assert line_of(league).health == "decayed"
    assert "decay (critical): log_loss" in line_of(league).reason
    well = new_league(CONFIG)
    tell(well, *story(range(20), GOOD))
    assert (line_of(well).health, line_of(well).reason) == ("healthy", "no alert is open")


def test_the_scoreboard_says_what_was_promised_and_what_is_to_be_expected() -> None:
    league = new_league(CONFIG)
    tell(league, *story(range(10), GOOD))
    waiting = predictions(tell(league, features("a", day=11), features("b", day=11)))
    line = line_of(league)
    assert line.promised.n == line.rolling.n == 5
    assert 0.3 < line.promised.accuracy < 1.0
    # Home wins are all there is, so more was kept than promised.
    assert line.rolling.accuracy == 1.0
    assert line.promised.log_loss > line.rolling.log_loss
    assert line.ahead.n == 2
    assert line.ahead.accuracy == pytest.approx(sum(it.models[0].confidence for it in waiting) / 2, abs=1e-6)
    tell(league, result("a", day=11), result("b", day=11))
    assert line_of(league).ahead.n == 0


def change(kind: AlertKind, state: AlertState, metric: str, measured: float, promised: float) -> Change:
    return Change(kind, 1, state, "warning", Sight(metric, measured, promised, 0.1, 20_000.0, 20_000.0))


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (
            change("decay", "raised", "log_loss", 1.071, 0.976),
            "elo has become worse: log loss in the last 100 matches 1.0710, 9.7% above the 0.9760 of before, and more"
            " than its own probabilities promised; by bad luck alone, once in 20,000 matches",
        ),
        (
            change("calibration", "worsened", "accuracy", 0.45, 0.54),
            "elo promises still more than it keeps: share of likeliest outcomes that came true in the last 100 matches"
            " 45.0%, 16.7% below the 54.0% that its own probabilities say; by bad luck alone, once in 20,000"
            " matches",
        ),
        (
            change("drift", "raised", "draw_rate", 0.32, 0.25),
            "what elo has to deal with has changed: share of draws in the last 100 matches 32.0%, 28.0% above the"
            " 25.0% of before",
        ),
        (
            change("decay", "resolved", "log_loss", 0.98, 0.976),
            "elo has come back: log loss in the last 100 matches 0.9800, against 0.9760 when it was raised",
        ),
        (
            change("calibration", "resolved", "home_rate", 0.5, 0.51),
            "elo has come back: share of home wins in the last 100 matches 50.0%, against the 51.0% that it promises",
        ),
        (
            change("drift", "resolved", "log_loss", 1.05, 0.97),
            "what had changed for elo is the norm by now: log loss in the last 100 matches 1.0500, 8.2% above the"
            " 0.9700 of before",
        ),
    ],
)
def test_the_sentence_says_what_has_happened(told: Change, words: str) -> None:
    assert sentence("elo", told, 100) == words


def test_the_registry_says_how_those_at_work_are() -> None:
    league, _ = decayed()
    [line] = league.registry(CONFIG).versions
    assert (line.status, line.health, line.reason) == ("running", line_of(league).health, line_of(league).reason)
    league.configure(Configure(COMPETITION, replace(CONFIG, models=("elo_softmax",))))
    told = {line.status: (line.health, line.reason) for line in league.registry(CONFIG).versions}
    assert told["retired"] == (None, None)
    assert told["running"][0] == "cold"
