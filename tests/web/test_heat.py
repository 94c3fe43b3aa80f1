"""Heat maps: every cell has its figure, and the darkest is the largest."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_app.events import GoalRates
from stream_app.web.heat import GOALS_SHOWN, SHADES, heat_map, score_map
from tests.web.made import GOALS

log_rates = st.floats(-4.0, 2.0)


@given(log_rates, log_rates, st.floats(-0.25, 0.1))
def test_every_score_is_in_one_cell(log_home: float, log_away: float, rho: float) -> None:
    drawn = score_map(replace(GOALS, rates=GoalRates(log_home, log_away, 0.0, 0.0, rho)))
    assert drawn is not None
    assert drawn.columns[-1] == f"{GOALS_SHOWN}+"
    assert len(drawn.rows) == len(drawn.columns) == GOALS_SHOWN + 1
    cells = [cell for _, row in drawn.rows for cell in row]
    assert sum(cell.share for cell in cells) == pytest.approx(1.0)
    assert max(cells, key=lambda cell: cell.share).shade == SHADES
    assert all(0 <= cell.shade <= SHADES for cell in cells)


def test_a_prediction_without_the_distribution_has_no_map() -> None:
    assert score_map(replace(GOALS, rates=None)) is None


def test_shades_go_with_the_shares() -> None:
    drawn = heat_map(["H", "D"], [("H", [0.9, 0.1]), ("D", [0.0, 0.45])])
    assert [[cell.shade for cell in row] for _, row in drawn.rows] == [[9, 1], [0, 4]]


def test_a_map_of_nothing_has_no_shade() -> None:
    assert [cell.shade for _, row in heat_map(["H"], [("H", [0.0])]).rows for cell in row] == [0]
