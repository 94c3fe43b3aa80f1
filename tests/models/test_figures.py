"""The figures that the models are held to, on sixty years of real matches."""

import math
from itertools import groupby

import pytest

from stream_app.events import LeagueConfig, Probabilities, outcome_of
from stream_app.feeds.datasets import bundesliga
from stream_app.models import zoo
from stream_app.ratings import Match, Ratings
from tests.models.streams import together

LONGEST_LOSS = {
    "match_model_v1": 0.9785,
    "logistic_regression_v1": 0.9810,
    "random_forest_v1": 0.9830,
    "naive_bayes_v1": 0.9810,
    "elo_softmax": 0.9920,
}
"""Log loss in nats after two seasons of burn-in."""

RPS_OF_MATCH_MODEL = 0.1963
CALIBRATION_ERROR = 0.015


def rps(told: Probabilities, outcome: str) -> float:
    home, draw = float(outcome == "H"), float(outcome == "D")
    return ((told.H - home) ** 2 + (told.H + told.D - home - draw) ** 2) / 2.0


def calibration_error(told: list[tuple[Probabilities, str]]) -> float:
    bins = [[0.0, 0.0] for _ in range(10)]
    for probabilities, outcome in told:
        for name, given in (("H", probabilities.H), ("D", probabilities.D), ("A", probabilities.A)):
            found = bins[min(int(given * 10), 9)]
            found[0] += given
            found[1] += float(outcome == name)
    return sum(abs(given - came) for given, came in bins) / (3 * len(told))


@pytest.mark.slow(20)
@pytest.mark.timeout(400)
def test_the_models_reach_their_figures_on_the_bundesliga() -> None:
    ratings, models = Ratings("league"), {name: zoo.create(name) for name in (*LeagueConfig().models, "elo_softmax")}
    played = bundesliga()
    burn_in = sorted({match.season for match in played})[:2]
    told: dict[str, list[tuple[Probabilities, str]]] = {name: [] for name in models}
    for _, together_played in groupby(played, key=lambda match: match.kickoff):
        round_ = list(together_played)
        seen = [Match(match.season, match.kickoff, match.home, match.away) for match in round_]
        answers = [together(models, ratings.inputs(match)) for match in seen]
        for match, known, (heard, said) in zip(round_, seen, answers, strict=True):
            outcome = outcome_of(match.home_goals, match.away_goals)
            for name, model in models.items():
                if match.season not in burn_in:
                    told[name].append((said[name], outcome))
                model.learn_one(heard, outcome)
            ratings.learn(known, match.home_goals, match.away_goals)
    loss = {
        name: -sum(math.log(getattr(said, outcome)) for said, outcome in pairs) / len(pairs)
        for name, pairs in told.items()
    }
    assert {len(pairs) for pairs in told.values()} == {13_538}
    for name, longest in LONGEST_LOSS.items():
        assert loss[name] <= longest, name
    members = ("logistic_regression_v1", "random_forest_v1", "naive_bayes_v1")
    assert loss["ensemble_v1"] <= min(loss[name] for name in members) + 0.0005
    assert loss["elo_softmax"] < loss["base_rate"] - 0.03
    pairs = told["match_model_v1"]
    assert sum(rps(said, outcome) for said, outcome in pairs) / len(pairs) <= RPS_OF_MATCH_MODEL
    for name, answers_of in told.items():
        assert calibration_error(answers_of) <= CALIBRATION_ERROR, name
