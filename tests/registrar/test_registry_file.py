from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest

from stream_app.contracts import encode
from stream_app.errors import InvalidInput
from stream_app.events import Configure, Features, LeagueConfig
from stream_app.feeds.schedule import schedule
from stream_app.league import League
from stream_app.registrar.registry_file import SETTING_OF, Wanted, exported, read_file
from stream_app.settings import Settings
from tests.support.matches import played

MODEL = {"model": "m", "algorithm": "base_rate", "alias": "champion"}


def written(folder: Path, content: object) -> Path:
    file = folder / "model_registry.json"
    file.write_bytes(content if isinstance(content, bytes) else orjson.dumps(content))
    return file


def registry(matches: int) -> dict[str, Any]:
    league = League("cup")
    config = LeagueConfig(models=("elo_softmax", "base_rate", "naive_bayes_v1"))
    league.configure(Configure("cup", config))
    for event in schedule(played("cup", matches)):
        league.predict(event) if isinstance(event, Features) else league.learn(event)
    told: dict[str, Any] = orjson.loads(encode(league.registry(config)))
    return told


@pytest.mark.parametrize("matches", [3, 120])
def test_what_is_exported_comes_back(tmp_path: Path, matches: int) -> None:
    content = exported(registry(matches))
    assert (content["models"][0]["figures"] is None) == (matches < 100)
    back = read_file(written(tmp_path, content))
    assert back.models == (
        Wanted("elo_softmax", "elo_softmax", "champion"),
        Wanted("base_rate", "base_rate", "challenger"),
        Wanted("naive_bayes_v1", "naive_bayes_v1", "challenger"),
    )
    assert back.rules == content["promotion_rules"]


def test_every_rule_of_promotion_has_its_setting() -> None:
    assert registry(1)["policy"].keys() == SETTING_OF.keys()
    assert set(SETTING_OF.values()) <= set(Settings.model_fields)


def test_the_champion_comes_first_wherever_it_stands_in_the_file(tmp_path: Path) -> None:
    other = {"model": "n", "alias": "experimental"}
    back = read_file(written(tmp_path, {"format": 1, "models": [other, MODEL]}))
    assert back.models == (Wanted("m", "base_rate", "champion"), Wanted("n", "n", "experimental"))
    assert back.rules == {}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"{", "is not JSON"),
        ([], "wanted an object with format 1"),
        ({"format": 2}, "wanted an object with format 1"),
        ({"format": 1, "models": []}, "wanted a list of one model at least"),
        ({"format": 1, "models": ["m"]}, "models[0]: wanted an object"),
        ({"format": 1, "models": [{"alias": "champion"}]}, "models[0].model: wanted a text"),
        ({"format": 1, "models": [{"model": "m", "alias": "king"}]}, "models[0].alias 'king': wanted one of champion"),
        ({"format": 1, "models": [{"model": "m", "alias": "challenger"}]}, "exactly one model with the alias champion"),
        ({"format": 1, "models": [MODEL, {**MODEL, "alias": "challenger"}]}, "wanted every model once"),
        ({"format": 1, "models": [MODEL], "promotion_rules": {"luck": 1}}, "wanted none but approval, scope"),
    ],
)
def test_a_file_that_is_no_registry_is_refused_by_what_is_wrong_with_it(
    tmp_path: Path, content: object, reason: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        read_file(written(tmp_path, content))
    assert reason in str(refused.value)
    assert "model_registry.json" in str(refused.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"nowhere\.json: No such file"):
        read_file(tmp_path / "nowhere.json")
