import math
import random

import pytest

from stream_app.errors import InvalidInput
from stream_app.events import Outcome
from stream_app.models.feature_models import create_algorithm, input_name
from stream_app.workbench.table import table_of
from stream_app.workbench.training import Example, examples, pooled, train


def nothing() -> None:
    """No progress to be shown."""


def rows(count: int) -> list[Example]:
    rng = random.Random(7)
    made = []
    for _ in range(count):
        lead = rng.gauss(0.0, 1.0)
        outcome: Outcome = "H" if lead > 0.3 else "A" if lead < -0.3 else "D"
        made.append(Example({input_name("lead"): lead}, outcome))
    return made


def test_progressive_figures_are_those_of_a_model_that_is_asked_before_it_learns() -> None:
    learned = rows(60)
    trained = train("LogisticRegression", ("lead",), learned, folds=0, advance=nothing)
    model = create_algorithm("LogisticRegression", ("lead",))
    losses = []
    for row in learned:
        losses.append(-math.log(model.predict_proba_one(row.x)[row.outcome]))
        model.learn_one(row.x, row.outcome)
    assert trained.progressive.figures.n == trained.rows == 60
    assert trained.progressive.figures.log_loss == pytest.approx(sum(losses) / 60, abs=1e-5)
    assert trained.model.predict_proba_one(learned[0].x) == model.predict_proba_one(learned[0].x)
    assert trained.base_rate.figures.n == 60


def test_each_fold_is_asked_by_a_model_that_learned_all_other_rows() -> None:
    learned = rows(11)
    trained = train("NaiveBayes", ("lead",), learned, folds=3, advance=nothing)
    assert [fold.figures.n for fold in trained.folds] == [4, 4, 3]
    model = create_algorithm("NaiveBayes", ("lead",))
    for place, row in enumerate(learned):
        if place % 3 != 1:
            model.learn_one(row.x, row.outcome)
    said = [-math.log(model.predict_proba_one(row.x)[row.outcome]) for row in learned[1::3]]
    assert trained.folds[1].figures.log_loss == pytest.approx(sum(said) / len(said), abs=1e-5)
    mean, deviation = pooled(trained.folds, lambda fold: fold.figures.log_loss)
    assert min(fold.figures.log_loss for fold in trained.folds) < mean
    assert deviation > 0.0


def test_progress_counts_every_row_once_and_once_more_for_each_fold() -> None:
    steps: list[None] = []
    train("BaseRate", ("lead",), rows(10), folds=5, advance=lambda: steps.append(None))
    assert len(steps) == 10 * (1 + 5)


def test_the_same_rows_have_the_same_digest_and_others_have_another() -> None:
    one, same, other = (train("BaseRate", ("lead",), rows(n), folds=0, advance=nothing) for n in (9, 9, 10))
    assert one.knowledge.chain == same.knowledge.chain != other.knowledge.chain
    assert other.knowledge.matches == 10


@pytest.mark.parametrize("folds", [1, 6])
def test_folds_that_cannot_be_made_are_refused(folds: int) -> None:
    with pytest.raises(InvalidInput, match=f"--folds {folds}: wanted 2 to 5"):
        train("BaseRate", ("lead",), rows(5), folds=folds, advance=nothing)


def test_a_table_becomes_examples_with_the_inputs_that_models_see() -> None:
    table = table_of("d.csv", b"a,b,outcome\n1,,H\n2,3,D\n")
    assert examples(table, ("a", "b"), "outcome") == [
        Example({"x:a": 1.0}, "H"),
        Example({"x:a": 2.0, "x:b": 3.0}, "D"),
    ]
