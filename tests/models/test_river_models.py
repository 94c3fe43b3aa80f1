import math
import pickle

import pytest
from river import proba

from stream_app.events import OUTCOMES
from stream_app.models.river_models import LogisticRegression, NaiveBayes, RandomForest
from stream_app.models.river_parts import ENOUGH_OF_EACH, GaussianBayes, PlainGaussian
from tests.models.streams import examples

LEAGUE = list(examples(count=400))


def test_logistic_regression_follows_the_arithmetic_of_river_by_hand() -> None:
    model = LogisticRegression(("elo_difference",), learning_rate=0.1)
    weights = {outcome: [0.0, 0.0] for outcome in OUTCOMES}
    squares = {outcome: [0.0, 0.0] for outcome in OUTCOMES}
    numbers: list[float] = []
    for x, y in LEAGUE[:100]:
        numbers.append(x["elo_difference"])
        mean = sum(numbers) / len(numbers)
        deviation = math.sqrt(sum((number - mean) ** 2 for number in numbers) / len(numbers))
        inputs = [(numbers[-1] - mean) / deviation if deviation else 0.0, 1.0]
        scores = {
            outcome: math.exp(sum(w * z for w, z in zip(weights[outcome], inputs, strict=True))) for outcome in OUTCOMES
        }
        total = sum(scores.values())
        for outcome in OUTCOMES:
            error = scores[outcome] / total - (outcome == y)
            for place, z in enumerate(inputs):
                squares[outcome][place] += (error * z) ** 2
                weights[outcome][place] -= 0.1 * error * z / math.sqrt(squares[outcome][place] + 1e-8)
        model.learn_one(x, y)
        scores = {
            outcome: math.exp(sum(w * z for w, z in zip(weights[outcome], inputs, strict=True))) for outcome in OUTCOMES
        }
        told = model.predict_proba_one(x)
        assert told["H"] == pytest.approx(scores["H"] / sum(scores.values()))


def test_the_plain_gaussian_is_rivers_without_its_random_generator() -> None:
    plain, rivers = PlainGaussian(), proba.Gaussian(seed=1)  # type: ignore[no-untyped-call]  # River is untyped
    for number in (1.0, 4.0, 2.5, 8.0):
        plain.update(number)  # type: ignore[no-untyped-call]  # River is untyped
        rivers.update(number)  # type: ignore[no-untyped-call]  # River is untyped
    assert (plain(3.0), plain.cdf(3.0), plain.mu) == (rivers(3.0), rivers.cdf(3.0), rivers.mu)
    assert len(pickle.dumps(plain)) < len(pickle.dumps(rivers)) / 8


def test_naive_bayes_waits_until_it_knows_enough_of_each_outcome() -> None:
    model = GaussianBayes(("number",))
    for number in range(200):
        model.learn_one({"number": float(number % 7)}, "HA"[number % 2])  # type: ignore[no-untyped-call]  # River is untyped
    assert model.predict_proba_one({"number": 3.0}) == {}
    for number in range(ENOUGH_OF_EACH):
        model.learn_one({"number": float(number % 5)}, "D")  # type: ignore[no-untyped-call]  # River is untyped
    assert set(model.predict_proba_one({"number": 3.0})) == set(OUTCOMES)


def test_naive_bayes_gives_the_posterior_of_three_normal_distributions() -> None:
    model = NaiveBayes()
    seen: dict[str, list[float]] = {outcome: [] for outcome in OUTCOMES}
    for x, y in LEAGUE:
        model.learn_one(x, y)
        seen[y].append(x["kalman_log_rate_ratio"])
    number = LEAGUE[-1].x["kalman_log_rate_ratio"]
    likelihood = {}
    for outcome, numbers in seen.items():
        mean = sum(numbers) / len(numbers)
        variance = sum((other - mean) ** 2 for other in numbers) / (len(numbers) - 1)
        likelihood[outcome] = len(numbers) * math.exp(-((number - mean) ** 2) / (2 * variance)) / math.sqrt(variance)
    told = model.predict_proba_one(LEAGUE[-1].x)
    assert told["D"] == pytest.approx(likelihood["D"] / sum(likelihood.values()))


def test_two_forests_of_one_seed_are_one_and_of_two_seeds_are_two() -> None:
    forests = [RandomForest(seed=seed) for seed in (1, 1, 2)]
    for x, y in LEAGUE:
        for model in forests:
            model.learn_one(x, y)
    first, same, other = (model.predict_proba_one(LEAGUE[-1].x) for model in forests)
    assert first == same
    assert first != other


def test_a_forest_is_small_and_holds_no_factories() -> None:
    model = RandomForest()
    for x, y in LEAGUE:
        model.learn_one(x, y)
    pickled = pickle.dumps(model)
    assert b"functools" not in pickled
    assert len(pickled) < 35_000
