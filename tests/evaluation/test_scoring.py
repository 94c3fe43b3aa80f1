"""Scores against their textbook formulas, and against what makes them proper."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_app.evaluation.scoring import brier, likeliest, log_loss, rps
from stream_app.events import OUTCOMES, Outcome, Probabilities

ORDER: tuple[Outcome, ...] = ("H", "D", "A")


@st.composite
def probabilities(draw: st.DrawFn) -> Probabilities:
    parts = [draw(st.floats(1e-6, 1.0)) for _ in OUTCOMES]
    return Probabilities(*(part / sum(parts) for part in parts))


def textbook_rps(forecast: Probabilities, outcome: Outcome) -> float:
    """The sum over all r-1 cumulative differences, divided by r-1 (Constantinou and Fenton 2012, equation 1)."""
    total = 0.0
    for steps in range(1, len(ORDER)):
        forecast_so_far = sum(forecast.of(name) for name in ORDER[:steps])
        outcome_so_far = sum(name == outcome for name in ORDER[:steps])
        total += (forecast_so_far - outcome_so_far) ** 2
    return total / (len(ORDER) - 1)


@given(probabilities(), st.sampled_from(OUTCOMES))
def test_scores_are_those_of_the_textbook(forecast: Probabilities, outcome: Outcome) -> None:
    assert log_loss(forecast, outcome) == -math.log({"H": forecast.H, "D": forecast.D, "A": forecast.A}[outcome])
    assert rps(forecast, outcome) == pytest.approx(textbook_rps(forecast, outcome), abs=1e-12)
    expected = sum((forecast.of(name) - (name == outcome)) ** 2 for name in ORDER)
    assert brier(forecast, outcome) == pytest.approx(expected, abs=1e-12)


def test_a_near_miss_costs_less_rps_than_a_far_one() -> None:
    # By hand: half of (.65 - 1)^2 + .10^2 and of (.65 - 1)^2 + .25^2.
    assert rps(Probabilities(0.65, 0.25, 0.10), "H") == pytest.approx(0.06625)
    assert rps(Probabilities(0.65, 0.10, 0.25), "H") == pytest.approx(0.0925)


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_knowing_nothing_has_the_known_scores(outcome: Outcome) -> None:
    even = Probabilities(1 / 3, 1 / 3, 1 / 3)
    assert log_loss(even, outcome) == pytest.approx(math.log(3))
    assert brier(even, outcome) == pytest.approx(2 / 3)
    assert rps(even, outcome) == pytest.approx({"H": 5 / 18, "D": 1 / 9, "A": 5 / 18}[outcome])


@given(probabilities(), probabilities())
def test_nothing_has_a_better_expected_score_than_the_truth(truth: Probabilities, other: Probabilities) -> None:
    for score in (log_loss, rps, brier):
        honest = sum(truth.of(name) * score(truth, name) for name in OUTCOMES)
        dishonest = sum(truth.of(name) * score(other, name) for name in OUTCOMES)
        assert honest <= dishonest + 1e-12


def test_of_equal_outcomes_the_first_of_home_draw_away_is_the_likeliest() -> None:
    assert likeliest(Probabilities(0.4, 0.2, 0.4)) == "H"
    assert likeliest(Probabilities(0.2, 0.4, 0.4)) == "D"
    assert likeliest(Probabilities(0.2, 0.3, 0.5)) == "A"
