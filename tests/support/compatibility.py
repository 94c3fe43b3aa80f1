"""Whether a JSON Schema may take the place of an older one without raising its version.

Structural, for the vocabulary that the schemas of this project use: types, properties, required, enum, const, items,
anyOf, references to definitions, bounds and patterns.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from stream_app.schemas import Schema, resolved

Reader = Literal["others", "service"]
"""Who reads the messages. Others must go on to understand all that comes; the service must go on to take all that may
come."""

LOWER, UPPER = (
    ("minimum", "exclusiveMinimum", "minLength", "minItems"),
    (
        "maximum",
        "exclusiveMaximum",
        "maxLength",
        "maxItems",
        "maxProperties",
    ),
)


def breaks(old: Schema, new: Schema, reader: Reader) -> list[str]:
    """What of `new` breaks whoever knows `old`: one line for each place, empty when nothing does."""
    return list(_breaks(old, old, new, new, reader, "$"))


def _breaks(old_root: Schema, old: Schema, new_root: Schema, new: Schema, reader: Reader, path: str) -> Iterator[str]:
    before, after = _Meaning(old_root, old), _Meaning(new_root, new)
    came, went = after.types - before.types, before.types - after.types
    if reader == "others" and came:
        yield f"{path}: may be {', '.join(sorted(came))} now"
    if reader == "service" and went:
        yield f"{path}: may no longer be {', '.join(sorted(went))}"
    if before.values is not None or after.values is not None:
        yield from _values(before.values, after.values, reader, path)
    if reader == "service":
        yield from _bounds(before.limits, after.limits, path)
    yield from _properties(before, after, reader, path)
    if before.items is not None and after.items is not None:
        yield from _breaks(old_root, before.items, new_root, after.items, reader, f"{path}[]")


def _values(old: set[str] | None, new: set[str] | None, reader: Reader, path: str) -> Iterator[str]:
    if reader == "others":
        if old is not None and (new is None or new - old):
            yield f"{path}: may have other values now: {sorted(new - old) if new else 'any'}"
    elif new is not None and (old is None or old - new):
        yield f"{path}: may no longer have the values {sorted(old - new) if old else 'it had'}"


def _bounds(old: dict[str, Any], new: dict[str, Any], path: str) -> Iterator[str]:
    for name in (*LOWER, *UPPER):
        if name not in new:
            continue
        tighter = name not in old or (new[name] > old[name] if name in LOWER else new[name] < old[name])
        if tighter:
            yield f"{path}: {name} is tighter: {old.get(name, 'none')}, now {new[name]}"
    if new.get("pattern") is not None and new["pattern"] != old.get("pattern"):
        yield f"{path}: has another pattern"


def _properties(before: _Meaning, after: _Meaning, reader: Reader, path: str) -> Iterator[str]:
    if before.object is None or after.object is None:
        return
    old, new = before.object, after.object
    needed_before, needed_after = set(old.get("required", ())), set(new.get("required", ()))
    if reader == "others" and (gone := needed_before - needed_after):
        yield f"{path}: no longer always there: {', '.join(sorted(gone))}"
    if reader == "service" and (added := needed_after - needed_before):
        yield f"{path}: now needed: {', '.join(sorted(added))}"
    for name, part in old.get("properties", {}).items():
        if name not in new.get("properties", {}):
            yield f"{path}.{name}: is gone"
        else:
            yield from _breaks(before.root, part, after.root, new["properties"][name], reader, f"{path}.{name}")


class _Meaning:
    """What a part of a schema takes, with references followed and alternatives gathered."""

    def __init__(self, root: Schema, node: Schema) -> None:
        self.root = root
        self.types: set[str] = set()
        self.values: set[str] | None = None
        self.limits: dict[str, Any] = {}
        self.object: Schema | None = None
        self.items: Schema | None = None
        self._take(node)

    def _take(self, node: Schema) -> None:
        if "$ref" in node:
            self._take(resolved(self.root, node))
        for alternative in node.get("anyOf", ()):
            self._take(alternative)
        given = node.get("type", [])
        self.types |= {given} if isinstance(given, str) else set(given)
        values = node.get("enum", [node["const"]] if "const" in node else None)
        if values is not None:
            self.values = (self.values or set()) | {str(value) for value in values}
            self.types |= {_type_of(value) for value in values}
        if self.types >= {"number"}:
            self.types |= {"integer"}
        self.limits |= {name: node[name] for name in (*LOWER, *UPPER, "pattern") if name in node}
        if "properties" in node:
            self.object = node
        if "items" in node:
            self.items = node["items"]


def _type_of(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    return "string" if isinstance(value, str) else "number"
