from __future__ import annotations

from dataclasses import replace

import pytest

from stream_app.events import Figures, Scoreboard
from stream_app.web.measures import open_alerts, rolling_log_loss
from stream_app.web.view import View
from tests.web.made import Shown, alert, board, record


def view_of(*events: Shown) -> View:
    view = View(window=100)
    for event in events:
        view.apply(record(event))
    return view


def with_rolling(scoreboard: Scoreboard, matches: int, loss: float) -> Scoreboard:
    figures = Figures(matches, 0.5, loss, 0.2, 0.6)
    return replace(scoreboard, models=tuple(replace(line, rolling=figures) for line in scoreboard.models))


def test_the_rolling_log_loss_of_a_model_counts_each_match_of_all_competitions_the_same() -> None:
    many, few = board(competition="many"), board(competition="few")
    view = view_of(with_rolling(many, 90, 1.0), with_rolling(few, 10, 0.5))

    measured = dict(rolling_log_loss(view))

    assert measured == {("elo_softmax",): pytest.approx(0.95), ("base_rate",): pytest.approx(0.95)}


def test_a_model_without_a_scored_match_has_no_log_loss() -> None:
    assert list(rolling_log_loss(view_of(with_rolling(board(), 0, 0.0), alert(competition="unheard")))) == []


def test_alerts_are_open_until_they_are_resolved() -> None:
    raised = (alert(), alert(competition="serie-a"), alert(competition="eredivisie"))

    assert list(open_alerts(view_of(*raised))) == [(("decay", "warning"), 3)]
    assert list(open_alerts(view_of(*raised, alert(state="resolved")))) == [(("decay", "warning"), 2)]
