import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_app.models.combine import Hedge
from stream_app.models.softmax import Triple

GOOD: Triple = (0.6, 0.3, 0.1)
BAD: Triple = (0.2, 0.3, 0.5)

triples = st.tuples(st.floats(1e-6, 1.0), st.floats(1e-6, 1.0), st.floats(1e-6, 1.0)).map(
    lambda raw: (raw[0] / sum(raw), raw[1] / sum(raw), raw[2] / sum(raw))
)


def test_weights_follow_the_formula() -> None:
    hedge = Hedge([0.5, 0.5], rate=0.3, share=0.001)
    hedge.learn([GOOD, BAD], 0)
    good, bad = 0.6**0.3, 0.2**0.3
    assert hedge.weights[0] == pytest.approx(0.999 * good / (good + bad) + 0.001 / 2)
    assert hedge.mix([GOOD, BAD])[0] == pytest.approx(hedge.weights[0] * 0.6 + hedge.weights[1] * 0.2)


def test_at_rate_one_the_loss_is_that_of_the_best_expert_and_the_logarithm_of_their_number() -> None:
    import math

    rng = random.Random(1)
    hedge = Hedge([1 / 3] * 3, rate=1.0, share=0.0)
    mixed, alone = 0.0, [0.0, 0.0, 0.0]
    for _ in range(2000):
        experts: list[Triple] = [GOOD, BAD, (1 / 3, 1 / 3, 1 / 3)]
        place = rng.choices(range(3), GOOD)[0]
        mixed -= math.log(hedge.mix(experts)[place])
        alone = [loss - math.log(expert[place]) for loss, expert in zip(alone, experts, strict=True)]
        hedge.learn(experts, place)
    assert mixed <= min(alone) + math.log(3) + 1e-9


def test_an_expert_that_was_bad_for_long_comes_back() -> None:
    hedge = Hedge([0.5, 0.5], rate=1.0)
    for _ in range(1000):
        hedge.learn([GOOD, BAD], 0)
    assert hedge.weights[0] > 0.99
    for _ in range(30):
        hedge.learn([GOOD, BAD], 2)
    assert hedge.weights[1] > 0.9


def test_an_expert_that_sleeps_keeps_its_weight_and_is_not_heard() -> None:
    hedge = Hedge([0.2, 0.6, 0.2], rate=1.0)
    assert hedge.mix([GOOD, None, None]) == pytest.approx(GOOD)
    assert hedge.awake([GOOD, BAD, None]) == pytest.approx([0.25, 0.75, 0.0])
    hedge.learn([GOOD, None, BAD], 0)
    assert hedge.weights[1] == 0.6
    assert hedge.weights[0] + hedge.weights[2] == pytest.approx(0.4)
    assert hedge.weights[0] > hedge.weights[2]


@given(
    st.lists(st.tuples(st.lists(triples | st.none(), min_size=2, max_size=2), triples, st.integers(0, 2)), max_size=50)
)
def test_weights_stay_a_division_of_one(rounds: list[tuple[list[Triple | None], Triple, int]]) -> None:
    hedge = Hedge([0.2, 0.6, 0.2], rate=1.0)
    for some, always, place in rounds:
        forecasts = [*some, always]
        mix = hedge.mix(forecasts)
        assert sum(mix) == pytest.approx(1.0, abs=1e-12)
        assert min(mix) > 0.0
        hedge.learn(forecasts, place)
        assert sum(hedge.weights) == pytest.approx(1.0, abs=1e-9)
        assert min(hedge.weights) > 0.0
