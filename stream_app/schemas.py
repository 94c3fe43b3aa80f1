"""The JSON Schemas of the messages, as files of the checkout or of the installed package.

They are the truth about what goes over the wire: checked at run time on what comes in, in the tests on what goes out.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any

import jsonschema_rs
import orjson

COMMON = "common"
"""Definitions that the other schemas refer to; not the schema of a message."""

SUFFIX = ".schema.json"

Schema = dict[str, Any]


def folder() -> Traversable:
    """Where the schemas lie: `stream_app/_schemas` in an installed package, else `schemas` in the checkout."""
    package = resources.files("stream_app")
    packaged = package / "_schemas"
    return packaged if packaged.is_dir() else package.joinpath("..", "schemas")


def names() -> list[str]:
    """The names of all schemas, sorted; a message's schema is named after its topic."""
    return sorted(file.name.removesuffix(SUFFIX) for file in folder().iterdir() if file.name.endswith(SUFFIX))


@cache
def schema(name: str) -> Schema:
    """The schema called `name`. Raises FileNotFoundError when there is none."""
    loaded: Schema = orjson.loads((folder() / f"{name}{SUFFIX}").read_bytes())
    return loaded


@cache
def validator(name: str) -> jsonschema_rs.Validator:
    """A compiled validator for the schema called `name`. Raises FileNotFoundError when there is none."""
    common = schema(COMMON)
    return jsonschema_rs.Draft202012Validator(
        schema(name), registry=jsonschema_rs.Registry([(common["$id"], common)]), offline=True
    )


def definition(reference: str) -> Schema:
    """The shared definition that `reference` names: `urn:...#/$defs/time`, or `time` alone."""
    found: Schema = schema(COMMON)["$defs"][reference.rpartition("/")[2]]
    return found


def meaning(name: str, path: Iterable[str | int]) -> str:
    """What the schema called `name` says of the value at `path`: its description and that of what it refers to."""
    node = schema(name)
    for step in path:
        node = _below(node, step)
    described = [node["description"]] if "description" in node else []
    if "$ref" in node:
        described.append(definition(node["$ref"])["description"])
    return ": ".join(described)


def _below(node: Schema, step: str | int) -> Schema:
    if "$ref" in node:
        node = definition(node["$ref"])
    if isinstance(step, int):
        below: Schema = node["items"]
        return below
    below = node.get("properties", {}).get(step) or node["additionalProperties"]
    return below
