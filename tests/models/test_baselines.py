import pytest

from stream_app.models.baselines import BaseRate


def test_the_base_rate_starts_at_ten_matches_of_football_and_counts_from_there() -> None:
    model = BaseRate()
    assert model.predict_proba_one({}) == pytest.approx({"H": 0.45, "D": 0.26, "A": 0.29})
    for _ in range(90):
        model.learn_one({}, "D")
    assert model.predict_proba_one({})["D"] == pytest.approx(0.926, abs=0.005)


def test_what_happened_long_ago_fades_but_no_outcome_is_ever_out_of_the_question() -> None:
    model = BaseRate()
    for _ in range(3000):
        model.learn_one({}, "H")
    for _ in range(3000):
        model.learn_one({}, "A")
    assert model.predict_proba_one({})["H"] == pytest.approx(0.05, abs=0.01)
    for _ in range(100_000):
        model.learn_one({}, "A")
    assert min(model.predict_proba_one({}).values()) > 0.002
