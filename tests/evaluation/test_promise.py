"""What probabilities promise, and the evidence that it is not kept."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_app.evaluation.promise import (
    LESS_OFTEN,
    RIVALS,
    SHARPNESS,
    Evidence,
    confidence,
    expected_log_loss,
    ratios,
)
from stream_app.evaluation.scoring import likeliest, log_loss
from stream_app.events import OUTCOMES, Outcome, Probabilities

LIMIT = 10_000.0


@st.composite
def forecasts(draw: st.DrawFn) -> Probabilities:
    parts = [draw(st.floats(0.001, 1.0)) for _ in OUTCOMES]
    return Probabilities(*(part / sum(parts) for part in parts))


@given(forecasts())
def test_the_promise_is_the_mean_score_of_outcomes_that_are_drawn_from_the_forecast(forecast: Probabilities) -> None:
    hits = sum(forecast.of(outcome) * (likeliest(forecast) == outcome) for outcome in OUTCOMES)
    loss = sum(forecast.of(outcome) * log_loss(forecast, outcome) for outcome in OUTCOMES)
    assert confidence(forecast) == pytest.approx(hits)
    assert expected_log_loss(forecast) == pytest.approx(loss)


@given(forecasts())
def test_no_rival_gains_against_a_forecast_that_is_right(forecast: Probabilities) -> None:
    gains = [[ratio * forecast.of(outcome) for ratio in ratios(forecast, outcome)] for outcome in OUTCOMES]
    assert [math.fsum(of_rival) for of_rival in zip(*gains, strict=True)] == pytest.approx([1.0] * RIVALS)


@given(forecasts(), st.sampled_from(OUTCOMES))
def test_the_rivals_are_what_they_are_said_to_be(forecast: Probabilities, outcome: Outcome) -> None:
    p = np.array([forecast.H, forecast.D, forecast.A])
    y = OUTCOMES.index(outcome)
    rivals = [p**power for power in SHARPNESS] + [p * np.where(np.arange(3) == k, LESS_OFTEN, 1.0) for k in range(3)]
    wanted = [(rival / rival.sum())[y] / p[y] for rival in rivals]
    assert ratios(forecast, outcome) == pytest.approx(wanted)


def plainly(stream: Iterable[Sequence[float]]) -> float:
    """The sum over all beginnings of the product of all ratios since then, the mean over the rivals."""
    steps = np.array(list(stream))
    sums = [sum(steps[start:, rival].prod() for start in range(len(steps))) for rival in range(steps.shape[1])]
    return float(np.mean(sums))


@given(st.lists(st.lists(st.floats(0.1, 3.0), min_size=3, max_size=3), min_size=1, max_size=30))
def test_the_evidence_is_the_sum_over_all_beginnings(stream: list[list[float]]) -> None:
    evidence = Evidence(3)
    for step in stream:
        evidence.add(step, 1e30)
    assert evidence.value == pytest.approx(plainly(stream), rel=1e-9)
    assert evidence.strongest() == int(np.argmax(evidence.of_rivals))


def test_it_is_held_at_the_limit_and_can_be_forgotten() -> None:
    evidence = Evidence(2)
    assert evidence.value == 0.0
    for _ in range(200):
        evidence.add((1.3, 1.1), LIMIT)
    assert evidence.value == LIMIT
    assert evidence.strongest() == 0
    evidence.forget()
    assert (evidence.value, evidence.of_rivals) == (0.0, [0.0, 0.0])


def test_a_model_that_keeps_its_promises_gets_to_the_limit_no_more_often_than_stated() -> None:
    limit, matches, streams = 100.0, 400, 250
    random = np.random.default_rng(11)
    lengths = []
    for _ in range(streams):
        evidence, length = Evidence(RIVALS), matches
        for number in range(matches):
            p = random.dirichlet((5.0, 3.0, 3.0))
            forecast = Probabilities(*map(float, p))
            evidence.add(ratios(forecast, OUTCOMES[random.choice(3, p=p)]), limit)
            if evidence.value >= limit:
                length = number + 1
                break
        lengths.append(length)
    # The runs are cut off, which makes them shorter; the guarantee holds for the mean of the whole ones.
    error = float(np.std(lengths)) / math.sqrt(streams)
    assert np.mean(lengths) > limit - 2.0 * error
    # The bound is nearly reached, so evidence is not thrown away.
    assert np.mean(lengths) < 2.0 * limit


def test_one_that_promises_too_much_gets_there_soon() -> None:
    random = np.random.default_rng(12)
    evidence = Evidence(RIVALS)
    matches = 0
    while evidence.value < LIMIT:
        truth = random.dirichlet((5.0, 3.0, 3.0))
        said = truth**1.7 / (truth**1.7).sum()
        evidence.add(ratios(Probabilities(*map(float, said)), OUTCOMES[random.choice(3, p=truth)]), LIMIT)
        matches += 1
    assert matches < 300
    assert evidence.strongest() < len(SHARPNESS)
