"""The studies of the lifecycle, in short: what they must find whatever the machine and the day."""

from __future__ import annotations

import math

import numpy as np
import pytest

from stream_app.feeds.datasets import bundesliga
from stream_app.lifecycle.evidence import Evidence
from tests.studies.comparing import (
    better_challenger,
    capital,
    empirical_bernstein,
    equal_models,
    evaluated,
    real_promotion,
)
from tests.studies.mending import faults, healthy


def test_the_simulations_bet_as_the_service_does() -> None:
    differences = np.random.default_rng(5).normal(0.02, 0.2, size=(2, 50))
    simulated = capital(differences)
    for row in range(2):
        evidence = Evidence()
        for place, difference in enumerate(differences[row]):
            evidence.add(float(difference))
            assert simulated[row, place] == pytest.approx(evidence.log_better(), abs=1e-9)


@pytest.mark.slow
def test_equal_models_are_hardly_ever_proposed_however_often_one_looks() -> None:
    found = equal_models(200, 1_000)
    assert found.by_policy <= found.by_evidence <= 0.05
    assert found.by_t_test > 0.15


@pytest.mark.slow
def test_a_better_challenger_is_found_within_a_small_multiple_of_what_a_single_look_needs() -> None:
    found = better_challenger(60, 3_000, 0.3)
    assert found.half is not None
    assert found.fixed_half < found.half < 4 * found.fixed_half


@pytest.mark.slow
def test_on_the_first_seasons_of_the_bundesliga_the_better_model_is_proposed_and_stays_better() -> None:
    evaluations = evaluated(bundesliga()[:1_000], ("logistic_regression_v1", "match_model_v1"))
    told = real_promotion(evaluations, "logistic_regression_v1", "match_model_v1")
    assert told is not None
    assert 100 <= told.matches < 800
    assert told.lower > 0.0
    assert told.worth > 0.0
    assert real_promotion(evaluations, "match_model_v1", "logistic_regression_v1") is None
    slower = empirical_bernstein(evaluations, "logistic_regression_v1", "match_model_v1")
    assert slower is None or slower > told.matches


@pytest.mark.slow
def test_a_fault_is_mended_and_a_sound_model_is_left_alone() -> None:
    matches = bundesliga()[6_500:8_600]
    (fault,) = faults(matches, "logistic_regression_v1", [1_000], [1_000])
    assert fault.cost > 0.01
    assert fault.recovered > 0.6
    assert fault.attempts
    told = healthy(matches, "logistic_regression_v1")
    assert math.isclose(told.alone, told.mending, abs_tol=0.0005)
    assert told.rule_fired == 0
