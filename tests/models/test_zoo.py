import pytest

from stream_app.errors import InvalidInput
from stream_app.models import zoo
from stream_app.models.contract import MatchModel


@pytest.mark.parametrize("name", zoo.MODELS)
def test_every_model_answers_before_it_has_seen_anything(name: str) -> None:
    model = zoo.create(name)
    assert isinstance(model, MatchModel)
    answer = model.predict_proba_one({})
    assert list(answer) == ["H", "D", "A"]
    assert sum(answer.values()) == pytest.approx(1.0, abs=1e-9)


def test_an_unknown_model_is_refused_with_the_names_of_the_known_ones() -> None:
    with pytest.raises(InvalidInput, match=r"model 'elo': unknown; the models are base_rate, .*elo_softmax"):
        zoo.create("elo")
