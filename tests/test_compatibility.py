"""No schema breaks those who know the released one, unless its version goes up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest

from stream_app import schemas
from stream_app.topics import INPUTS
from tests.support.compatibility import Reader, breaks

RELEASED = {
    file.name.removesuffix(schemas.SUFFIX): orjson.loads(file.read_bytes())
    for file in sorted((Path(str(schemas.folder())) / "released").glob(f"*{schemas.SUFFIX}"))
}
READ_BY_THE_SERVICE = {*INPUTS, "dead-letter-decisions"}
"""What others write, and what the service has to read of its own past."""


def version(schema: dict[str, Any]) -> int:
    return int(schema["$id"].rpartition(":")[2])


@pytest.mark.parametrize("name", RELEASED)
def test_a_schema_goes_on_or_has_a_new_version(name: str) -> None:
    old, new = RELEASED[name], schemas.schema(name)
    assert version(new) >= version(old)
    if version(new) == version(old):
        assert breaks(old, new, "service" if name in READ_BY_THE_SERVICE else "others") == []


def test_there_are_released_schemas_of_what_goes_in_and_out() -> None:
    assert {"match-features", "match-results", "predictions", "evaluations"} <= set(RELEASED)


BASE: dict[str, Any] = {
    "type": "object",
    "properties": {
        "name": {"$ref": "#/$defs/name"},
        "status": {"enum": ["a", "b"]},
        "score": {"anyOf": [{"type": "number", "minimum": 0}, {"type": "null"}]},
        "models": {"type": "array", "items": {"type": "object", "properties": {"id": {"type": "string"}}}},
    },
    "required": ["name", "status"],
    "$defs": {"name": {"type": "string", "maxLength": 200}},
}


def changed(*path: str, to: object) -> dict[str, Any]:
    """`BASE` with another value at `path`; None takes it away."""
    copy: dict[str, Any] = orjson.loads(orjson.dumps(BASE))
    node = copy
    for step in path[:-1]:
        node = node[step]
    if to is None:
        del node[path[-1]]
    else:
        node[path[-1]] = to
    return copy


@pytest.mark.parametrize(
    ("new", "for_others", "for_the_service"),
    [
        (BASE, [], []),
        (changed("properties", "more", to={"type": "string"}), [], []),
        (changed("properties", "status", to=None), ["$.status: is gone"], ["$.status: is gone"]),
        (changed("required", to=["name"]), ["$: no longer always there: status"], []),
        (changed("required", to=["name", "status", "score"]), [], ["$: now needed: score"]),
        (
            changed("properties", "status", "enum", to=["a", "b", "c"]),
            ["$.status: may have other values now: ['c']"],
            [],
        ),
        (changed("properties", "status", "enum", to=["a"]), [], ["$.status: may no longer have the values ['b']"]),
        (
            changed("properties", "score", to={"type": "number", "minimum": 0}),
            [],
            ["$.score: may no longer be null"],
        ),
        (
            changed("properties", "score", "anyOf", to=[{"type": "number"}, {"type": "null"}, {"type": "string"}]),
            ["$.score: may be string now"],
            [],
        ),
        (changed("$defs", "name", "maxLength", to=100), [], ["$.name: maxLength is tighter: 200, now 100"]),
        (changed("$defs", "name", "maxLength", to=300), [], []),
        (changed("$defs", "name", "pattern", to="^x"), [], ["$.name: has another pattern"]),
        (
            changed("properties", "models", "items", "properties", "id", "type", to="integer"),
            ["$.models[].id: may be integer now"],
            ["$.models[].id: may no longer be string"],
        ),
        (
            changed("properties", "models", "items", "properties", to={}),
            ["$.models[].id: is gone"],
            ["$.models[].id: is gone"],
        ),
    ],
)
def test_what_breaks_whom_is_found(new: dict[str, Any], for_others: list[str], for_the_service: list[str]) -> None:
    found: dict[Reader, list[str]] = {reader: breaks(BASE, new, reader) for reader in ("others", "service")}
    assert found == {"others": for_others, "service": for_the_service}
