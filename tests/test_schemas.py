from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import MISSING, Field, fields, is_dataclass
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import jsonschema_rs
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream_app import schemas
from stream_app.contracts import Event, encode
from stream_app.events import (
    Analytics,
    Configure,
    DecayAlert,
    Evaluation,
    Features,
    LeagueConfig,
    LeagueKind,
    ModelCommand,
    ModelEvent,
    Prediction,
    Refusal,
    Registry,
    Result,
    Scoreboard,
)
from stream_app.feeds.schedule import schedule
from stream_app.league import League
from stream_app.topics import INPUTS
from tests import messages
from tests.support.matches import played

ALL = schemas.names()
CLASSES: dict[str, type[Any]] = {
    "match-features": Features,
    "match-results": Result,
    "configure": Configure,
    "predictions": Prediction,
    "evaluations": Evaluation,
    "decay-alerts": DecayAlert,
    "scoreboard": Scoreboard,
    "analytics": Analytics,
    "model-commands": ModelCommand,
    "refused-commands": Refusal,
    "model-events": ModelEvent,
    "registry": Registry,
}


def objects(node: Any) -> Iterator[dict[str, Any]]:
    """Every part of a schema that has properties and is no mere condition on another part."""
    if isinstance(node, list):
        for item in node:
            yield from objects(item)
    elif isinstance(node, dict):
        if "properties" in node:
            yield node
        for name, below in node.items():
            if name not in ("examples", "if", "then", "else"):
                yield from objects(below)


def test_the_schemas_are_those_of_the_checkout() -> None:
    assert Path(str(schemas.folder())).resolve() == Path(__file__).parent.parent / "schemas"
    assert set(CLASSES) | {"match-log", "dead-letters"} <= set(ALL)


@pytest.mark.parametrize("name", ALL)
def test_a_schema_is_valid_and_carries_its_name_and_version(name: str) -> None:
    schema = schemas.schema(name)
    jsonschema_rs.meta.validate(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["$id"].startswith(f"urn:stream-app:{name}:")
    assert schema["$id"].rpartition(":")[2].isdigit()


@pytest.mark.parametrize("name", ALL)
def test_a_schema_has_an_example_and_its_examples_are_right(name: str) -> None:
    examples = schemas.schema(name)["examples"]
    assert examples
    for example in examples:
        schemas.validator(name).validate(example)


@pytest.mark.parametrize("name", ALL)
def test_no_object_takes_a_field_that_it_does_not_know(name: str) -> None:
    assert all(node["additionalProperties"] is False for node in objects(schemas.schema(name)) if node["properties"])


@pytest.mark.parametrize("name", ALL)
def test_every_field_says_what_it_means(name: str) -> None:
    schema = schemas.schema(name)
    for node in objects(schema):
        for field, below in node["properties"].items():
            assert "description" in {**schemas.resolved(schema, below), **below}, field


def test_what_has_the_same_name_in_two_schemas_is_the_same() -> None:
    definitions = [item for name in ALL for item in schemas.schema(name).get("$defs", {}).items()]
    first = dict(reversed(definitions))
    assert all(first[name] == definition for name, definition in definitions)
    assert len(definitions) > len(first)


@pytest.mark.parametrize("name", ALL)
def test_a_schema_can_be_used_alone_and_has_no_definition_that_it_does_not_use(name: str) -> None:
    schema = schemas.schema(name)
    text = orjson.dumps(schema).decode()
    references = set(re.findall(r'"\$ref":"([^"]*)"', text))
    assert references == {f"#/$defs/{definition}" for definition in schema.get("$defs", {})}


@pytest.mark.parametrize("name", CLASSES)
def test_a_schema_has_the_fields_of_its_event_in_their_order(name: str) -> None:
    root = schemas.schema(name)
    compare(CLASSES[name], root, root, every_field_is_written=name not in INPUTS)


def compare(event: type[Any], root: dict[str, Any], node: dict[str, Any], *, every_field_is_written: bool) -> None:
    own = fields(event)
    assert list(node["properties"]) == [field.name for field in own]
    expected = [field.name for field in own if every_field_is_written or not _has_default(field)]
    assert node["required"] == expected
    hints = get_type_hints(event)
    for field in own:
        if (below := _dataclass_in(hints[field.name])) is not None:
            inner = schemas.resolved(root, node["properties"][field.name])
            (inner,) = [it for it in inner.get("anyOf", [inner]) if it.get("type") != "null"]
            inner = schemas.resolved(root, inner.get("items", inner))
            compare(below, root, inner, every_field_is_written=True)


def _has_default(field: Field[Any]) -> bool:
    return field.default is not MISSING


def _dataclass_in(hint: Any) -> type[Any] | None:
    """The dataclass that a field holds, alone, or none, or many of."""
    if is_dataclass(hint):
        assert isinstance(hint, type)
        return hint
    if get_origin(hint) in (tuple, Union, UnionType):
        return next((found for found in map(_dataclass_in, get_args(hint)) if found is not None), None)
    return None


@settings(max_examples=40, deadline=None)
@given(st.data())
@pytest.mark.parametrize("name", CLASSES)
def test_what_is_written_is_as_its_schema_says(name: str, data: st.DataObject) -> None:
    event = data.draw(messages.OF_SCHEMA[name])
    assert type(event) is CLASSES[name]
    schemas.validator(name).validate(orjson.loads(encode(event)))


@pytest.mark.parametrize(
    ("path", "meaning"),
    [
        (["neutral"], "true or false: whether the match is played on neutral ground; false when absent"),
        (["features", "odds"], "a finite number"),
        (["features", 0], "a finite number"),
        (["importance"], 'what is at stake, "competitive" when absent: "competitive" or "friendly"'),
    ],
)
def test_a_schema_tells_what_a_field_means(path: list[str | int], meaning: str) -> None:
    assert schemas.meaning("match-features", path) == meaning


def test_a_schema_tells_what_a_nested_field_means() -> None:
    path: list[str | int] = ["models", 0, "probabilities", "H"]
    assert schemas.meaning("predictions", path) == "a number above 0 and below 1"


def test_there_is_no_schema_of_another_name() -> None:
    with pytest.raises(FileNotFoundError):
        schemas.schema("match-weather")


@pytest.mark.parametrize("kind", get_args(LeagueKind))
def test_what_a_league_says_is_as_the_schemas_say(kind: LeagueKind) -> None:
    league = League("a")
    config = LeagueConfig(kind=kind, window=10, decay_drop=0.001, alert_rate=100.0)
    said: list[Event] = [*league.configure(Configure("a", config))]
    said += league.tables()
    for event in schedule(played("a", 300)):
        said += league.predict(event) if isinstance(event, Features) else league.learn(event)
    said += league.tables()
    schema_of = {event: name for name, event in CLASSES.items()}
    assert {type(event) for event in said} == {
        Prediction,
        Evaluation,
        DecayAlert,
        ModelEvent,
        Scoreboard,
        Analytics,
        Registry,
    }
    for message in said:
        schemas.validator(schema_of[type(message)]).validate(orjson.loads(encode(message)))


def test_an_installed_package_has_its_own_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "_schemas").mkdir()
    monkeypatch.setattr("importlib.resources.files", lambda _package: tmp_path)
    assert schemas.folder() == tmp_path / "_schemas"
