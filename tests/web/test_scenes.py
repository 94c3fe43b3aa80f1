from __future__ import annotations

import math
from dataclasses import replace
from datetime import timedelta

import pytest

from stream_app.events import Probabilities
from stream_app.web.frame import Scope, Unknown
from stream_app.web.scenes import CARDS, ROWS_NOW, Scenes
from stream_app.web.templating import environment
from stream_app.web.view import View
from tests.web.asked import Reading
from tests.web.made import (
    HOUR,
    KICKOFF,
    alert,
    analytics,
    board,
    evaluation,
    model_event,
    prediction,
    proposal_line,
    record,
    registry,
)

NOW = Scope("now")


@pytest.fixture
def view() -> View:
    return View(window=4)


@pytest.fixture
def scenes(view: View) -> Scenes:
    return Scenes(view, Reading(), environment(4))


def test_the_largest_competitions_have_cards_and_all_are_listed(view: View, scenes: Scenes) -> None:
    for number in range(CARDS + 3):
        view.apply(record(board(100 + number, competition=f"c{number}")))
    regions = scenes.compose(NOW).regions
    assert list(regions["cards"]) == [f"card-c{number}" for number in range(3, CARDS + 3)]
    assert list(regions["competitions"]) == [f"competition-c{number}" for number in range(CARDS + 3)]


def test_few_competitions_are_not_listed_twice(view: View, scenes: Scenes) -> None:
    view.apply(record(board(100)))
    assert scenes.compose(NOW).regions["competitions"] == {}


def test_the_first_page_shows_the_soonest_open_matches_and_the_last_results(view: View, scenes: Scenes) -> None:
    for number in range(30):
        view.apply(record(evaluation(f"past{number}", kickoff=KICKOFF + number * HOUR)))
        ahead = KICKOFF + timedelta(days=2) + number * HOUR
        view.apply(record(prediction(f"ahead{number}", kickoff=ahead, as_of=KICKOFF)))
    regions = scenes.compose(NOW).regions
    assert list(regions["predictions"]) == [f"p-bundesliga-ahead{number}" for number in range(ROWS_NOW)]
    assert list(regions["results"]) == [f"e-bundesliga-past{number}" for number in range(29, 29 - ROWS_NOW, -1)]


def test_the_first_charts_compare_the_champion_with_the_base_rate(view: View, scenes: Scenes) -> None:
    for number in range(8):
        view.apply(record(evaluation(f"m{number}", log_loss=0.9, kickoff=KICKOFF + number * HOUR)))
    view.apply(record(board(8)))
    charts = scenes.compose(Scope("competition", "bundesliga")).charts
    assert list(charts) == ["loss-bundesliga", "gain-bundesliga", "ratings-bundesliga"]
    assert charts["loss-bundesliga"].lines["elo_softmax"][-1] == pytest.approx(0.9)
    assert charts["loss-bundesliga"].lines["base_rate"][-1] == pytest.approx(1.0)
    assert charts["gain-bundesliga"].lines["elo_softmax"][-1] == pytest.approx(0.1)
    assert charts["gain-bundesliga"].lines["base_rate"][-1] == pytest.approx(0.0)
    assert list(scenes.compose(NOW).charts) == ["loss-bundesliga"]


def test_the_market_has_a_line_where_odds_came_with_the_predictions(view: View, scenes: Scenes) -> None:
    for number in range(8):
        kickoff = KICKOFF + number * HOUR
        view.apply(record(replace(prediction(f"m{number}", kickoff=kickoff), market=Probabilities(0.6, 0.25, 0.15))))
        view.apply(record(evaluation(f"m{number}", log_loss=0.9, kickoff=kickoff)))
    view.apply(record(board(8)))
    charts = scenes.compose(Scope("competition", "bundesliga")).charts
    assert charts["loss-bundesliga"].lines["market"][-1] == pytest.approx(-math.log(0.6))
    assert charts["gain-bundesliga"].lines["market"][-1] == pytest.approx(1.0 + math.log(0.6))


@pytest.mark.parametrize("scope", [Scope("competition", "none"), Scope("match", "none", "m1"), Scope("competition")])
def test_a_scope_of_nothing_that_is_held_is_unknown(scenes: Scenes, scope: Scope) -> None:
    with pytest.raises(Unknown):
        scenes.compose(scope)


def test_every_row_has_the_element_id_by_which_the_browser_knows_it(view: View, scenes: Scenes) -> None:
    view.apply(record(prediction()))
    view.apply(record(evaluation()))
    view.apply(record(alert()))
    view.apply(record(board()))
    view.apply(record(registry(proposals=(proposal_line(),))))
    view.apply(record(analytics()))
    view.apply(record(model_event(command_id="c1")))
    scopes = (
        NOW,
        Scope("competition", "bundesliga"),
        Scope("match", "bundesliga", "m1"),
        Scope("models", "bundesliga", command="c1"),
        Scope("lineups"),
        Scope("alerts"),
        Scope("system"),
    )
    for scope in scopes:
        for rows in scenes.compose(scope).regions.values():
            for identity, html in rows.items():
                assert f'id="{identity}"' in html.partition(">")[0] + ">"
