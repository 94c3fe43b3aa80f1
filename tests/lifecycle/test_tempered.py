"""A number on top of a model that sets its certainty."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_app.events import OUTCOMES
from stream_app.lifecycle.tempered import LARGEST, SMALLEST, Tempered, best_power, logs_of, tempered
from tests.lifecycle.worlds import Oracle, season

SEASON = season(600)
HITS = [OUTCOMES.index(match.outcome) for match in SEASON]


def test_a_power_of_one_changes_nothing_and_half_of_it_is_the_square_root() -> None:
    x = {"strength": 0.7}
    plain = Oracle().predict_proba_one(x)
    assert Tempered(Oracle(), 1.0).predict_proba_one(x) == pytest.approx(plain)
    roots = {outcome: math.sqrt(p) for outcome, p in plain.items()}
    assert Tempered(Oracle(), 0.5).predict_proba_one(x) == pytest.approx(
        {outcome: root / sum(roots.values()) for outcome, root in roots.items()}
    )


@given(st.floats(0.2, 4.0))
def test_the_best_power_has_less_loss_than_any_other(sharpness: float) -> None:
    said = [logs_of(Oracle(sharpness).predict_proba_one(match.x)) for match in SEASON[:100]]
    hits = HITS[:100]

    def loss(power: float) -> float:
        return -sum(math.log(tempered(logs, power)[hit]) for logs, hit in zip(said, hits, strict=True))

    best = best_power(said, hits)
    others = [SMALLEST * (LARGEST / SMALLEST) ** (step / 60) for step in range(61)]
    assert loss(best) <= min(loss(power) for power in others) + 1e-9


@pytest.mark.parametrize("sharpness", [0.5, 1.7, 3.0])
def test_the_best_power_takes_back_what_was_added_in_certainty(sharpness: float) -> None:
    said = [logs_of(Oracle(sharpness).predict_proba_one(match.x)) for match in SEASON]
    assert best_power(said, HITS) == pytest.approx(1 / sharpness, rel=0.25)


def test_the_power_follows_a_model_that_becomes_too_certain() -> None:
    model = Tempered(Oracle(2.0), 1.0)
    for match in season(4_000):
        model.learn_one(match.x, match.outcome)
    assert model.power == pytest.approx(0.5, rel=0.2)
    assert isinstance(model.model, Oracle)
    assert model.model.learned == 4_000


def test_a_model_that_has_nothing_usable_to_say_is_taken_for_one_that_knows_nothing() -> None:
    for said in ({}, {"H": math.nan, "D": 0.5, "A": 0.5}, {"H": 0.0, "D": 0.0, "A": 0.0}):
        assert tempered(logs_of(said), 0.5) == pytest.approx((1 / 3, 1 / 3, 1 / 3))  # type: ignore[arg-type]  # the keys are outcomes


def test_reasons_and_votes_are_those_of_the_model_itself() -> None:
    assert Tempered(Oracle(), 0.5).listens_to == Oracle().listens_to
    assert Tempered(Oracle(), 0.5).explain({"strength": 1.0}) == Oracle().explain({"strength": 1.0})
