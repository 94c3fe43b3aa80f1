import math
import random
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from stream_app.models.softmax import LARGEST_LOGIT, HeadBank, Triple, log_ratios, softmax

HITS: tuple[Triple, ...] = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))


class Textbook:
    """One head as the formulas have it, with a linear-algebra library, and without the forgetting."""

    def __init__(self, prior: Sequence[float]) -> None:
        self.weights = np.zeros(2 * len(prior))
        self.covariance = np.diag([*prior, *prior])

    def predict(self, x: NDArray[np.float64], offset: tuple[float, float]) -> Triple:
        home, away = self._design(x).T @ self.weights + np.array(offset)
        return softmax((float(home), float(away)))

    def learn(self, x: NDArray[np.float64], offset: tuple[float, float], hit: Triple) -> None:
        design = self._design(x)
        home, _, away = self.predict(x, offset)
        p = np.array([home, away])
        r = np.diag(p) - np.outer(p, p)
        spread = design.T @ self.covariance @ design
        gain = self.covariance @ design
        self.covariance = self.covariance - gain @ np.linalg.inv(np.linalg.inv(r) + spread) @ gain.T
        self.weights = self.weights + self.covariance @ design @ (np.array([hit[0], hit[2]]) - p)

    @staticmethod
    def _design(x: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.kron(np.eye(2), x[:, None]).astype(np.float64)


@given(st.floats(-50, 50), st.floats(-50, 50))
def test_softmax_gives_every_outcome_a_chance(home: float, away: float) -> None:
    told = softmax((home, away))
    assert min(told) > 0.0
    assert sum(told) == pytest.approx(1.0, abs=1e-12)


@given(st.floats(-LARGEST_LOGIT, LARGEST_LOGIT), st.floats(-LARGEST_LOGIT, LARGEST_LOGIT))
def test_log_ratios_are_the_inverse_of_softmax(home: float, away: float) -> None:
    assert log_ratios(softmax((home, away))) == pytest.approx((home, away), abs=1e-9)


def test_a_bank_of_heads_does_what_the_textbook_does() -> None:
    rng = random.Random(5)
    priors = [[1.0, 0.05, 0.05, 0.05], [0.3, 0.001, 0.001, 0.001], [1.0, 0.5, 0.0, 0.0]]
    bank = HeadBank(priors, [1.0, 1.0, 1.0])
    heads = [Textbook(prior) for prior in priors]
    for _ in range(300):
        x = np.array([1.0, *(rng.gauss(0.0, 1.0) for _ in range(3))])
        offsets = [(0.0, 0.0), (rng.gauss(0.0, 0.5), rng.gauss(0.0, 0.5)), (0.0, 0.0)]
        hit = HITS[rng.randrange(3)]
        logits = bank.logits(x.tolist())
        told = [softmax((a + c, b + d)) for (a, b), (c, d) in zip(logits, offsets, strict=True)]
        for head, offset, forecast in zip(heads, offsets, told, strict=True):
            assert forecast == pytest.approx(head.predict(x, offset), abs=1e-10)
            head.learn(x, offset, hit)
        bank.learn(x.tolist(), told, hit)
    for number, head in enumerate(heads):
        assert bank.covariance[number] == pytest.approx(head.covariance, abs=1e-10)


def test_the_weights_of_a_true_softmax_are_found() -> None:
    rng = random.Random(6)
    truth = {"H": (0.5, 0.9), "A": (-0.2, -0.6)}
    bank = HeadBank([[1.0, 1.0]], [1.0])
    for _ in range(6000):
        x = (1.0, rng.gauss(0.0, 1.0))
        chances = softmax(
            (truth["H"][0] + truth["H"][1] * x[1], truth["A"][0] + truth["A"][1] * x[1]),
        )
        hit = HITS[rng.choices(range(3), chances)[0]]
        bank.learn(x, [softmax(pair) for pair in bank.logits(x)], hit)
    assert bank.weights[0] == pytest.approx([*truth["H"], *truth["A"]], abs=0.12)
    deviations = np.sqrt(np.diagonal(bank.covariance[0]))
    assert np.abs(bank.weights[0] - np.array([0.5, 0.9, -0.2, -0.6])).max() < 4 * deviations.max()


def test_a_prior_of_zero_keeps_an_input_out_for_ever() -> None:
    rng = random.Random(7)
    bank = HeadBank([[1.0, 0.0]], [0.99])
    for _ in range(200):
        x = (1.0, rng.gauss(0.0, 1.0))
        bank.learn(x, [softmax(pair) for pair in bank.logits(x)], HITS[0])
    assert bank.weights[0, 1] == 0.0
    assert bank.weights[0, 3] == 0.0


def test_variances_grow_while_nothing_is_heard_but_never_beyond_the_prior() -> None:
    rng = random.Random(8)
    bank = HeadBank([[1.0, 0.5]], [0.99])
    for _ in range(300):
        x = (1.0, rng.gauss(0.0, 1.0))
        bank.learn(x, [softmax(pair) for pair in bank.logits(x)], HITS[rng.randrange(3)])
    tight = bank.covariance[0, 1, 1]
    for _ in range(2000):
        bank.learn((1.0, 0.0), [softmax(pair) for pair in bank.logits((1.0, 0.0))], HITS[rng.randrange(3)])
    assert tight < bank.covariance[0, 1, 1] <= 0.5 + 1e-12


def test_the_covariance_stays_positive_definite_over_a_long_life() -> None:
    rng = random.Random(9)
    bank = HeadBank([[1.0, 0.05, 0.05, 0.05]], [0.9995])
    for number in range(20_000):
        level = math.sin(number / 700)
        x = (1.0, rng.gauss(level, 1.0), level, 0.0 if number % 5_000 < 4_000 else 1.0)
        bank.learn(x, [softmax(pair) for pair in bank.logits(x)], HITS[rng.randrange(3)])
    assert np.linalg.eigvalsh(bank.covariance[0]).min() > 0.0
    assert bank.covariance[0] == pytest.approx(bank.covariance[0].T, abs=1e-12)


def test_an_input_that_is_added_starts_at_its_prior_and_changes_nothing_else() -> None:
    rng = random.Random(10)
    bank, other = HeadBank([[1.0, 0.5]], [1.0]), HeadBank([[1.0, 0.5, 0.2]], [1.0])
    for number in range(60):
        if number == 30:
            bank.grow(0.2)
        third = 0.0 if number < 30 else rng.gauss(0.0, 1.0)
        x = [1.0, rng.gauss(0.0, 1.0), third]
        hit = HITS[rng.randrange(3)]
        told = [softmax(pair) for pair in other.logits(x)]
        mine = x if number >= 30 else x[:2]
        assert [softmax(pair) for pair in bank.logits(mine)] == [pytest.approx(triple) for triple in told]
        bank.learn(mine, told, hit)
        other.learn(x, told, hit)
    assert bank.covariance == pytest.approx(other.covariance, abs=1e-12)
    bank.reset(2)
    assert bank.weights[0, [2, 5]].tolist() == [0.0, 0.0]
    assert np.diagonal(bank.covariance[0])[[2, 5]].tolist() == [0.2, 0.2]
