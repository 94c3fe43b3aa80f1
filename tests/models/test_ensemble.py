import math

import pytest

from stream_app.events import Probabilities
from stream_app.models.ensemble import VotingEnsemble, votes

HOME = Probabilities(0.6, 0.3, 0.1)
AWAY = Probabilities(0.2, 0.3, 0.5)
ALL = votes("one", HOME) | votes("two", AWAY)


def test_the_members_probabilities_are_averaged_with_their_weights() -> None:
    model = VotingEnsemble({"one": 3.0, "two": 1.0})
    assert model.predict_proba_one(ALL) == pytest.approx({"H": 0.5, "D": 0.3, "A": 0.2})
    assert model.listens_to == ("one", "two")


def test_the_weights_of_a_missing_member_go_to_the_others() -> None:
    model = VotingEnsemble({"one": 3.0, "two": 1.0, "three": 4.0})
    explanation = model.explain(ALL)
    assert [(voice.member, voice.weight) for voice in explanation.members] == [("one", 0.75), ("two", 0.25)]
    assert model.predict_proba_one(votes("two", AWAY)) == pytest.approx({"H": 0.2, "D": 0.3, "A": 0.5})


@pytest.mark.parametrize("vote", [math.nan, math.inf, -0.1])
def test_a_member_that_says_nonsense_is_missing(vote: float) -> None:
    model = VotingEnsemble({"one": 1.0, "two": 1.0})
    assert model.predict_proba_one(ALL | {"vote:two:A": vote}) == pytest.approx({"H": 0.6, "D": 0.3, "A": 0.1})


def test_the_base_rate_answers_when_every_member_is_missing() -> None:
    model = VotingEnsemble()
    assert model.predict_proba_one({}) == pytest.approx({"H": 0.45, "D": 0.26, "A": 0.29})
    for _ in range(10):
        model.learn_one({}, "A")
    assert model.predict_proba_one({})["A"] == pytest.approx(0.645, abs=0.005)


def test_a_majority_counts_each_members_favourite() -> None:
    model = VotingEnsemble({"one": 1.0, "two": 1.0, "three": 1.0}, voting="majority")
    told = model.predict_proba_one(ALL | votes("three", Probabilities(0.4, 0.2, 0.4)))
    assert told == pytest.approx({"H": (2 + 0.45) / 4, "D": 0.26 / 4, "A": (1 + 0.29) / 4})
