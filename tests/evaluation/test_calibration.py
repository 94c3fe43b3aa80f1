"""The calibration error of forecasts that are right, and of some that are not."""

from __future__ import annotations

import random
from collections.abc import Callable
from statistics import fmean, stdev

import pytest

from stream_app.evaluation.calibration import Calibration
from stream_app.events import OUTCOMES, Outcome, Probabilities


def truths(seed: int, matches: int = 1000) -> list[tuple[Probabilities, Outcome]]:
    """Probabilities of matches, and outcomes that were drawn with them."""
    rng = random.Random(seed)
    made: list[tuple[Probabilities, Outcome]] = []
    for _ in range(matches):
        parts = [rng.uniform(0.05, 1.0) for _ in OUTCOMES]
        truth = Probabilities(*(part / sum(parts) for part in parts))
        made.append((truth, rng.choices(OUTCOMES, [truth.H, truth.D, truth.A])[0]))
    return made


def calibration(seed: int, say: Callable[[Probabilities], Probabilities] = lambda truth: truth) -> Calibration:
    made = Calibration()
    for truth, outcome in truths(seed):
        made.add(say(truth), outcome)
    return made


def sharpened(truth: Probabilities) -> Probabilities:
    parts = [truth.of(name) ** 2 for name in OUTCOMES]
    return Probabilities(*(part / sum(parts) for part in parts))


def test_bins_hold_the_mean_forecast_and_the_share_that_came_true() -> None:
    made = Calibration()
    made.add(Probabilities(0.62, 0.25, 0.13), "H")
    made.add(Probabilities(0.68, 0.21, 0.11), "D")
    bins = made.bins()
    assert [found.n for found in bins] == [2, 2, 2]
    assert [found.forecast for found in bins] == pytest.approx([0.12, 0.23, 0.65])
    assert [found.observed for found in bins] == [0.0, 0.5, 0.5]
    assert made.error() == pytest.approx((0.12 + 0.27 + 0.15) / 3)


def test_probabilities_of_one_and_of_nothing_have_their_bins() -> None:
    made = Calibration()
    made.add(Probabilities(1.0, 0.0, 0.0), "H")
    assert [found.n for found in made.bins()] == [2, 1]
    assert made.error() == 0.0


def test_no_forecast_has_no_error() -> None:
    assert Calibration().error() == Calibration().error_by_chance() == 0.0


def test_right_forecasts_are_off_by_chance_alone_and_sharpened_ones_by_much_more() -> None:
    right = [calibration(seed) for seed in range(40)]
    by_chance = fmean(made.error_by_chance() for made in right)
    errors = [made.error() for made in right]
    assert fmean(errors) == pytest.approx(by_chance, rel=0.15)
    assert calibration(1, sharpened).error() > by_chance + 10 * stdev(errors)
