import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_app.models.scaling import CLIP, MEMORY, Standardiser


def test_means_and_variances_are_those_of_the_numbers_seen() -> None:
    rng = random.Random(1)
    numbers = [rng.gauss(5.0, 2.0) for _ in range(500)]
    scale = Standardiser(1)
    for number in numbers:
        scale.learn([number])
    mean = sum(numbers) / len(numbers)
    variance = sum((number - mean) ** 2 for number in numbers) / len(numbers)
    assert scale.means[0] == pytest.approx(mean)
    assert scale.variances[0] == pytest.approx(variance)
    assert scale.standardised([mean + math.sqrt(variance)])[0] == pytest.approx(1.0)


def test_a_constant_a_missing_and_an_infinite_number_stand_at_their_mean() -> None:
    scale = Standardiser(3)
    for number in range(50):
        scale.learn([7.0, number, math.nan])
    assert scale.standardised([8.0, math.nan, 3.0]) == [0.0, 0.0, 0.0]
    assert scale.standardised([7.0, math.inf, -math.inf]) == [0.0, 0.0, 0.0]
    assert scale.counts == [50, 50, 0]


def test_one_absurd_number_hardly_moves_a_known_scale() -> None:
    rng = random.Random(2)
    scale = Standardiser(1)
    for _ in range(200):
        scale.learn([rng.gauss(0.0, 1.0)])
    before = scale.standardised([1.0])[0]
    scale.learn([1e300])
    assert scale.standardised([1.0])[0] == pytest.approx(before, abs=0.2)


def test_an_absurd_first_number_is_forgotten() -> None:
    rng = random.Random(3)
    scale = Standardiser(1)
    scale.learn([100.0])
    for _ in range(6 * MEMORY):
        scale.learn([rng.gauss(0.0, 1.0)])
    assert scale.standardised([1.0])[0] == pytest.approx(1.0, abs=0.15)


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=80))
def test_no_number_leads_out_of_the_clip(numbers: list[float]) -> None:
    scale = Standardiser(1)
    for number in numbers:
        assert -CLIP <= scale.standardised([number])[0] <= CLIP
        scale.learn([math.asinh(number)])
        assert math.isfinite(scale.means[0])
        assert math.isfinite(scale.variances[0])


def test_an_input_can_be_added_and_start_anew() -> None:
    scale = Standardiser(1)
    scale.grow()
    for number in range(10):
        scale.learn([number, 2.0 * number])
    scale.reset(0)
    assert (scale.counts, scale.means[0], scale.variances[0]) == ([0, 10], 0.0, 0.0)
    assert scale.standardised([3.0, 9.0])[1] == pytest.approx(0.0)
