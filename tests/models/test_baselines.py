import pytest

from stream_app.models.baselines import BaseRate


def test_the_base_rate_starts_at_ten_matches_of_football_and_counts_from_there() -> None:
    model = BaseRate()
    assert model.predict_proba_one({}) == pytest.approx({"H": 0.45, "D": 0.26, "A": 0.29})
    for _ in range(90):
        model.learn_one({}, "D")
    assert model.predict_proba_one({})["D"] == pytest.approx(0.926)
