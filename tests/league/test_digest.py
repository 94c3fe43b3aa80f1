"""A digest tells different states apart, and equal ones never."""

from __future__ import annotations

import math
import pickle
import random
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from functools import partial

import numpy as np
import pytest
from river import drift, forest, linear_model, naive_bayes, optim, preprocessing, stats

from stream_app.events import Outcome, Probabilities
from stream_app.league.digest import digest

MOMENT = datetime(2024, 3, 2, 15, 0, tzinfo=UTC)


class Plain:
    """An object with attributes."""

    def __init__(self, **attributes: object) -> None:
        self.__dict__.update(attributes)


@dataclass(slots=True)
class Slotted:
    """An object with slots."""

    a: object
    b: object


def logged(base: float, x: float) -> float:
    return math.log(x, base)


def scaled(factor: float) -> Callable[[float], float]:
    return lambda x: factor * x


def generator(seed: int, draws: int = 0) -> random.Random:
    rng = random.Random(seed)
    for _ in range(draws):
        rng.random()
    return rng


DIFFERENT: list[tuple[object, object]] = [
    (1, 1.0),
    (1, True),
    (0, None),
    (0.0, -0.0),
    (0.1 + 0.2, 0.3),
    ("1", 1),
    ("1", b"1"),
    (2**70, 2**70 + 1),
    (-1, 255),
    ([1, 2], (1, 2)),
    ([1, 2], [2, 1]),
    ([[1], 2], [1, [2]]),
    (["ab", "c"], ["a", "bc"]),
    ([], [[]]),
    ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
    ({"a": 1}, OrderedDict({"a": 1})),
    ({1, 2}, frozenset({1, 2})),
    ({1, 2}, {1, 3}),
    (deque([1, 2]), deque([1, 2], maxlen=2)),
    (deque([1, 2]), deque([2, 1])),
    (Counter("aab"), Counter("abb")),
    (defaultdict(int, {1: 1}), defaultdict(bool, {1: 1})),
    (np.array([1.0, 2.0]), np.array([1.0, 2.0 + 1e-15])),
    (np.array([1.0, 2.0]), np.array([[1.0, 2.0]])),
    (np.array([1, 2], dtype=np.int32), np.array([1, 2], dtype=np.int64)),
    (np.array([1, "a"], dtype=object), np.array([1, "b"], dtype=object)),
    (np.float64(1.0), 1.0),
    (np.random.RandomState(1), np.random.RandomState(2)),
    (np.random.default_rng(1), np.random.default_rng(2)),
    (generator(1), generator(2)),
    (generator(1), generator(1, draws=1)),
    (MOMENT, MOMENT + timedelta(microseconds=1)),
    (MOMENT, MOMENT.replace(tzinfo=None)),
    (timedelta(1), timedelta(2)),
    (math.log, math.exp),
    (scaled(2.0), scaled(3.0)),
    (logged, scaled),
    (partial(logged, 2.0), partial(logged, 3.0)),
    (int, float),
    ([1].append, [2].append),
    (Plain(a=1), Plain(a=2)),
    (Plain(a=1), Plain(b=1)),
    (Plain(a=1), Slotted(1, None)),
    (Slotted(1, 2), Slotted(2, 1)),
    (Probabilities(0.5, 0.3, 0.2), Probabilities(0.5, 0.2, 0.3)),
    (stats.Mean(), stats.Var()),
]


@pytest.mark.parametrize(("one", "other"), DIFFERENT, ids=lambda side: type(side).__name__)
def test_different_states_have_different_digests(one: object, other: object) -> None:
    assert digest(one) != digest(other)


STORABLE = [side for pair in DIFFERENT for side in pair if "<locals>" not in getattr(side, "__qualname__", "")]


@pytest.mark.parametrize("state", STORABLE, ids=lambda side: type(side).__name__)
def test_a_state_that_was_stored_and_loaded_keeps_its_digest(state: object) -> None:
    assert digest(pickle.loads(pickle.dumps(state))) == digest(state)  # noqa: S301  made on the line


def test_it_makes_no_difference_whether_equal_parts_are_one_object() -> None:
    shared = ["a", 1.5]
    assert digest([shared, shared]) == digest([["a", 1.5], ["a", 1.5]])
    key = "".join(["ab", "c"])
    assert digest([{"abc": 1}, {"abc": 1}]) == digest([{key: 1}, {"".join(["a", "bc"]): 1}])


def test_the_order_in_which_attributes_were_set_makes_no_difference() -> None:
    assert digest(Plain(a=1, b=2)) == digest(Plain(b=2, a=1))


def test_the_order_of_a_set_makes_no_difference() -> None:
    names = [f"team {number}" for number in range(50)]
    assert digest(set(names)) == digest(set(reversed(names)))


def test_the_same_moment_in_another_zone_is_the_same_moment() -> None:
    assert digest(MOMENT) == digest(MOMENT.astimezone(timezone(timedelta(hours=2))))


def test_an_array_is_told_by_its_content_and_not_by_how_it_lies_in_memory() -> None:
    table = np.arange(6.0).reshape(2, 3)
    every_other = np.arange(0.0, 6.0, 0.5).reshape(2, 6)[:, ::2]
    assert digest(table) == digest(np.asfortranarray(table)) == digest(every_other)


def test_a_part_of_itself_is_no_obstacle() -> None:
    def ring(value: int) -> list[object]:
        made: list[object] = [value]
        made.append(made)
        return made

    assert digest(ring(1)) == digest(ring(1))
    assert digest(ring(1)) != digest(ring(2))


def test_a_shared_part_is_walked_once() -> None:
    deep: list[object] = [1.0]
    for _ in range(200):
        deep = [deep, deep]
    assert len(digest(deep)) == 64


def test_what_cannot_be_stored_has_no_digest() -> None:
    with pytest.raises(TypeError):
        digest([(number for number in range(3))])


RIVER: dict[str, Callable[[], object]] = {
    "softmax": lambda: preprocessing.StandardScaler() | linear_model.SoftmaxRegression(optim.AdaGrad(0.03)),
    "forest": lambda: forest.ARFClassifier(n_models=3, seed=7, leaf_prediction="mc"),
    "bayes": naive_bayes.GaussianNB,
    "adwin": drift.ADWIN,
}


def trained(make: Callable[[], object], matches: int) -> object:
    model = make()
    rng = random.Random(5)
    for _ in range(matches):
        x = {f"f{number}": rng.gauss(0, 1) for number in range(4)}
        y: Outcome = rng.choice(("H", "D", "A"))
        if isinstance(model, drift.ADWIN):
            model.update(x["f0"])  # type: ignore[no-untyped-call]  # River leaves it untyped
        else:
            model.predict_proba_one(x)  # type: ignore[attr-defined]  # River's classes have no common type
            model.learn_one(x, y)  # type: ignore[attr-defined]  # the same
    return model


@pytest.mark.parametrize("name", RIVER)
def test_river_models_that_learned_the_same_are_the_same_and_one_more_match_shows(name: str) -> None:
    model = trained(RIVER[name], 250)
    assert digest(model) == digest(trained(RIVER[name], 250))
    assert digest(model) == digest(pickle.loads(pickle.dumps(model)))  # noqa: S301  made on the line
    assert digest(model) != digest(trained(RIVER[name], 251))
