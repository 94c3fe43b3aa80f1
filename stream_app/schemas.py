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
    return jsonschema_rs.Draft202012Validator(schema(name), offline=True)


def meaning(name: str, path: Iterable[str | int], *, of_key: bool = False) -> str:
    """What the schema called `name` says of the value at `path`: its description and that of what it refers to.

    With `of_key` it tells of the names of the fields there, which are free.
    """
    root = schema(name)
    node = root
    for step in path:
        node = _below(resolved(root, node), step)
    if of_key:
        node = node["propertyNames"]
    described = [node["description"]] if "description" in node else []
    if "$ref" in node:
        described.append(resolved(root, node)["description"])
    return ": ".join(described)


def resolved(root: Schema, node: Schema) -> Schema:
    """`node`, a part of the schema `root`, or the definition that it refers to."""
    if "$ref" not in node:
        return node
    definition: Schema = root["$defs"][node["$ref"].removeprefix("#/$defs/")]
    return definition


def _below(node: Schema, step: str | int) -> Schema:
    below: Schema
    if isinstance(step, int) and "items" in node:
        below = node["items"]
    else:
        # The validator takes a field whose name is a number for a place in an array.
        below = node.get("properties", {}).get(step) or node["additionalProperties"]
    return below
