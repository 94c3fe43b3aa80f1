"""Bets on which model is the better: what they prove, and that looking often proves nothing more."""

from __future__ import annotations

import math
import pickle
import random
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_app.events import OUTCOMES, Outcome, Probabilities
from stream_app.league.digest import digest
from stream_app.lifecycle.evidence import BOUND, CLIP, Evidence, clipped, difference, e_value

ALPHA = 0.05
DIFFERENCES = st.lists(st.floats(-BOUND, BOUND), max_size=40)


def of(differences: list[float]) -> Evidence:
    """The evidence of these differences."""
    evidence = Evidence()
    for each in differences:
        evidence.add(each)
    return evidence


def naive_capital(differences: list[float], mean: float) -> float:
    """The capital by its definition, in exact arithmetic but for the last step."""
    largest = Fraction(0.96 / math.log(20.0))
    stakes = [(Fraction(1), 0.45), (Fraction(1, 2), 0.28), (Fraction(1, 4), 0.17), (Fraction(1, 8), 0.10)]
    capital = 0.0
    for part, share in stakes:
        product = Fraction(1)
        for each in differences:
            product *= 1 + part * largest * Fraction(each)
        capital += share * float(product) * math.exp(-float(part * largest) * len(differences) * mean)
    return capital


@st.composite
def forecasts(draw: st.DrawFn) -> Probabilities:
    """Any probabilities, also hopeless ones."""
    weights = [draw(st.floats(1e-6, 1.0)) for _ in OUTCOMES]
    return Probabilities(*(weight / sum(weights) for weight in weights))


def test_without_matches_there_is_no_evidence_and_no_bound() -> None:
    evidence = Evidence()
    assert (evidence.log_better(), evidence.log_worse()) == pytest.approx((0, 0))
    assert (evidence.lower(ALPHA), evidence.upper(ALPHA)) == pytest.approx((-BOUND, BOUND))
    assert evidence.mean() == 0.0


@given(DIFFERENCES)
def test_the_e_values_are_those_of_their_definition(differences: list[float]) -> None:
    evidence = of(differences)
    assert e_value(evidence.log_better()) == pytest.approx(naive_capital(differences, 0.0))
    assert e_value(evidence.log_worse()) == pytest.approx(naive_capital([-each for each in differences], 0.0))


@given(st.lists(st.floats(-BOUND, BOUND), min_size=1, max_size=40))
def test_the_bounds_are_where_the_capital_of_the_definition_proves_a_mean_wrong(differences: list[float]) -> None:
    evidence = of(differences)
    lower, upper = evidence.lower(ALPHA), evidence.upper(ALPHA)
    assert lower <= evidence.mean() + 1e-9
    assert evidence.mean() - 1e-9 <= upper
    if lower > -BOUND + 1e-6:
        assert naive_capital(differences, lower) == pytest.approx(1 / ALPHA, rel=1e-6)
    if upper < BOUND - 1e-6:
        assert naive_capital([-each for each in differences], -upper) == pytest.approx(1 / ALPHA, rel=1e-6)


@given(DIFFERENCES)
def test_the_lower_bound_is_above_zero_exactly_when_the_e_value_is_a_proof(differences: list[float]) -> None:
    evidence = of([0.8 * each + 0.3 for each in differences])
    assert (evidence.lower(ALPHA) > 1e-12) == (evidence.log_better() > math.log(1 / ALPHA) + 1e-9)


@given(DIFFERENCES, st.randoms(use_true_random=False))
def test_the_order_of_matches_and_what_was_taken_back_leave_no_trace(
    differences: list[float], shuffler: random.Random
) -> None:
    evidence = of(differences)
    shuffled = list(differences)
    shuffler.shuffle(shuffled)
    again = of([0.25, *shuffled])
    again.add(0.25, -1)
    assert digest(again) == digest(evidence)


@given(DIFFERENCES, DIFFERENCES)
def test_pooled_evidence_is_that_of_all_matches_together(here: list[float], there: list[float]) -> None:
    pooled = of(here)
    pooled.pool(of(there))
    assert digest(pooled) == digest(of(here + there))
    assert pickle.loads(pickle.dumps(pooled)).lower(ALPHA) == pooled.lower(ALPHA)  # noqa: S301  made on the line


@given(forecasts(), forecasts(), st.sampled_from(OUTCOMES))
def test_any_two_forecasts_differ_by_no_more_than_the_bound(
    challenger: Probabilities, champion: Probabilities, outcome: Outcome
) -> None:
    gap = difference(challenger, champion, outcome)
    assert abs(gap) <= BOUND
    assert gap == pytest.approx(-difference(champion, challenger, outcome))
    Evidence().add(gap)


@given(forecasts())
def test_clipping_leaves_a_forecast_and_touches_only_those_with_a_small_probability(said: Probabilities) -> None:
    hedged = clipped(said)
    assert sum(hedged.of(outcome) for outcome in OUTCOMES) == pytest.approx(1)
    if min(said.of(outcome) for outcome in OUTCOMES) > CLIP:
        assert hedged.of("H") == pytest.approx(said.H)


def test_what_is_beyond_the_bound_is_refused() -> None:
    with pytest.raises(ValueError, match=r"difference 3\.5: has to be between"):
        Evidence().add(3.5)
    with pytest.raises(ValueError, match="difference nan"):
        Evidence().add(math.nan)


def test_of_equal_models_looked_at_after_every_match_no_more_than_alpha_are_ever_proven() -> None:
    draws = np.random.default_rng(7)
    runs, matches = 200, 300
    proven = 0
    for steps in draws.choice([-0.4, 0.1], p=[0.2, 0.8], size=(runs, matches)):
        evidence = Evidence()
        for step in steps:
            evidence.add(float(step))
            if evidence.log_better() >= math.log(1 / ALPHA):
                proven += 1
                break
    # Two standard errors above 5 %. Looking as often with a t-test proves a third of them and more.
    assert proven / runs <= ALPHA + 2 * math.sqrt(ALPHA * (1 - ALPHA) / runs)


def test_a_better_challenger_is_proven_in_the_end() -> None:
    draws = np.random.default_rng(7)
    evidence = Evidence()
    for step in draws.choice([-0.2, 0.25], size=1_000):
        evidence.add(float(step))
    assert evidence.lower(ALPHA) > 0.0
    assert evidence.upper(ALPHA) < 0.06
    assert e_value(evidence.log_worse()) < 0.1
