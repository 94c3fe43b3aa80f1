import math
import pickle
import random

import pytest

from stream_app.errors import InvalidInput
from stream_app.events import OUTCOMES, Outcome
from stream_app.league.digest import digest
from stream_app.models.baselines import BaseRate
from stream_app.models.contract import MatchModel, guarded
from stream_app.models.feature_models import ALGORITHMS, MeanEnsemble, create_algorithm, input_name
from stream_app.models.upstream import upstream_inputs

FEATURES = ("lead", "attendance", "noise")
THAT_LOOK = [name for name in ALGORITHMS if name != "BaseRate"]
Row = tuple[dict[str, float], Outcome]


def table(rows: int, seed: int = 1) -> list[Row]:
    """Rows whose outcome depends on `lead`; the attendance has another unit."""
    rng = random.Random(seed)
    made: list[Row] = []
    for _ in range(rows):
        lead = rng.gauss(0.0, 1.0)
        said = lead + rng.gauss(0.0, 0.5)
        outcome: Outcome = "H" if said > 0.4 else "A" if said < -0.4 else "D"
        values = (lead, rng.uniform(10_000.0, 80_000.0), rng.gauss(0.0, 1.0))
        made.append((dict(zip(map(input_name, FEATURES), values, strict=True)), outcome))
    return made


def loss(model: MatchModel, rows: list[Row]) -> float:
    """Mean log loss of `model`, which learns each row after it has answered it."""
    total = 0.0
    for x, outcome in rows:
        said = guarded(model.predict_proba_one(x))
        assert said is not None
        total -= math.log(said.of(outcome))
        model.learn_one(x, outcome)
    return total / len(rows)


@pytest.mark.parametrize("algorithm", THAT_LOOK)
def test_every_algorithm_learns_from_a_table_what_the_base_rate_cannot_know(algorithm: str) -> None:
    rows = table(400)
    assert loss(create_algorithm(algorithm, FEATURES), rows) < loss(BaseRate(), rows) - 0.1


def test_a_few_rows_are_enough_for_the_kalman_softmax() -> None:
    rows, later = table(30), table(300, seed=2)
    model, base = create_algorithm("KalmanSoftmax", FEATURES), BaseRate()
    loss(model, rows)
    loss(base, rows)
    assert loss(model, later) < loss(base, later)


@pytest.mark.parametrize("rows", [0, 60])
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_row_with_missing_absurd_and_unknown_numbers_gets_a_fair_answer(algorithm: str, rows: int) -> None:
    model = create_algorithm(algorithm, FEATURES)
    loss(model, table(rows) or table(1))
    for x in ({}, {"x:lead": math.nan, "x:attendance": 1e300}, {"x:lead": math.inf, "other": 1.0}):
        told = model.predict_proba_one(x)
        assert list(told) == list(OUTCOMES)
        assert sum(told.values()) == pytest.approx(1.0, abs=1e-9)
        model.learn_one(x, "H")
    assert all(0.0 < p < 1.0 for p in model.predict_proba_one({"x:lead": 1.0}).values())


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_trained_model_goes_on_to_the_last_bit_after_being_pickled(algorithm: str) -> None:
    straight = create_algorithm(algorithm, FEATURES)
    interrupted = create_algorithm(algorithm, FEATURES)
    for place, (x, outcome) in enumerate(table(60)):
        if place % 20 == 0:
            interrupted = pickle.loads(pickle.dumps(interrupted))  # noqa: S301  # made in this line
        straight.learn_one(x, outcome)
        interrupted.learn_one(x, outcome)
    assert digest(straight) == digest(interrupted)


def test_the_ensemble_says_the_mean_of_its_members() -> None:
    model = MeanEnsemble(tuple(map(input_name, FEATURES)))
    loss(model, table(100))
    x = table(1, seed=3)[0][0]
    told = model.predict_proba_one(x)
    said = [member.predict_proba_one(x) for member in model.members.values()]
    for outcome in OUTCOMES:
        assert told[outcome] == pytest.approx(sum(one[outcome] for one in said) / 3, abs=1e-5)
    assert [voice.member for voice in model.explain(x).members] == list(model.members)


def test_a_league_shows_the_numbers_of_a_match_under_the_names_that_such_models_look_at() -> None:
    assert upstream_inputs({"lead": 7.5}) == {input_name("lead"): 7.5}


def test_an_unknown_algorithm_is_refused_with_the_names_of_the_known_ones() -> None:
    with pytest.raises(InvalidInput, match="algorithm 'Perceptron': unknown; the algorithms are KalmanSoftmax, "):
        create_algorithm("Perceptron", FEATURES)
