"""docs/topics.md, rendered from schemas/asyncapi.yaml and the JSON Schemas beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from stream_app import schemas
from stream_app.topics import DAY_MS

INTRODUCTION = """\
# Topics

What goes over the wire, topic by topic. This page is made from `schemas/asyncapi.yaml` and the JSON Schemas beside it
by `make contract`; change those, not this. [consumers.md](consumers.md) tells how to read them well.
"""

DEEPEST = 3
"""How far down fields of fields are listed."""

_LONGEST_LIST = 1


def page(document: Mapping[str, Any]) -> str:
    """The page on the AsyncAPI document `document`."""
    parts = [INTRODUCTION, _overview(document)]
    told: set[str] = set()
    parts += [_channel(document, channel, told) for channel in document["channels"].values()]
    return "\n".join(parts)


def _overview(document: Mapping[str, Any]) -> str:
    lines = ["| topic | what | kept | written by |", "|---|---|---|---|"]
    for name, channel in document["channels"].items():
        lines.append(
            f"| [{channel['address']}](#{channel['address']}) | {channel['summary']} | {_kept(channel)}"
            f" | {_writer(document, name)} |"
        )
    return "\n".join(lines) + "\n"


def _kept(channel: Mapping[str, Any]) -> str:
    settings = channel["bindings"]["kafka"]["topicConfiguration"]
    if settings["cleanup.policy"] == ["compact"]:
        return "the last of each key"
    retention = settings["retention.ms"]
    return "for ever" if retention == -1 else f"{retention // DAY_MS} days"


def _writer(document: Mapping[str, Any], channel: str) -> str:
    actions = [
        operation["action"]
        for operation in document["operations"].values()
        if operation["channel"]["$ref"] == f"#/channels/{channel}"
    ]
    return "others" if "receive" in actions else "the service"


def _channel(document: Mapping[str, Any], channel: Mapping[str, Any], told: set[str]) -> str:
    lines = [f"## {channel['address']}", "", f"{_sentence(channel['summary'])}", ""]
    for message in channel["messages"].values():
        lines += _message(document, _at(document, message["$ref"]), told, alone=len(channel["messages"]) == 1)
    return "\n".join(lines)


def _message(document: Mapping[str, Any], message: Mapping[str, Any], told: set[str], *, alone: bool) -> Iterator[str]:
    """What is to be said of a message. The fields of a schema are listed once; `told` are those that were."""
    if not alone:
        yield from (f"### {message['title']}", "")
    if "summary" in message:
        yield from (message["summary"], "")
    yield from (f"Key: {_lowered(_key(document, message)['description'])}", "")
    for part in ("headers", "payload"):
        found = message.get(part, {})
        if "schema" in found:
            name = found["schema"]["$ref"].removeprefix("./").removesuffix(schemas.SUFFIX)
            yield from _schema(part, name, in_full=name not in told)
            told.add(name)
        elif "description" in found:
            yield from (found["description"], "")
    for example in message.get("examples", ())[:1]:
        yield from ("```json", _example(example), "```", "")


def _schema(part: str, name: str, *, in_full: bool) -> Iterator[str]:
    root = schemas.schema(name)
    version = root["$id"].rpartition(":")[2]
    what = "Headers" if part == "headers" else "Value"
    file = f"{name}{schemas.SUFFIX}"
    yield f"{what}: `schemas/{file}`, version {version}. {root['description']}"
    yield ""
    if not in_full:
        return
    yield from ("| field | needed | what |", "|---|---|---|")
    for path, needed, meaning in _fields(root, root, "", 1):
        yield f"| `{path}` | {'yes' if needed else ''} | {meaning.replace('|', chr(92) + '|')} |"
    yield ""


def _fields(root: schemas.Schema, node: schemas.Schema, before: str, depth: int) -> Iterator[tuple[str, bool, str]]:
    for name, given in node["properties"].items():
        below = schemas.resolved(root, given)
        yield before + name, name in node.get("required", ()), _meaning(root, given)
        inner = next((part for part in _parts(root, below) if "properties" in part), None)
        if inner is not None and depth < DEEPEST:
            listed = any("items" in part for part in (below, *_alternatives(root, below)))
            yield from _fields(root, inner, f"{before}{name}{'[]' if listed else ''}.", depth + 1)


def _parts(root: schemas.Schema, node: schemas.Schema) -> Iterator[schemas.Schema]:
    """`node`, what it may be instead, and what it holds if it is a list."""
    for part in (node, *_alternatives(root, node)):
        yield part
        if "items" in part:
            yield schemas.resolved(root, part["items"])


def _alternatives(root: schemas.Schema, node: schemas.Schema) -> list[schemas.Schema]:
    return [schemas.resolved(root, item) for item in node.get("anyOf", ())]


def _meaning(root: schemas.Schema, given: schemas.Schema) -> str:
    below = schemas.resolved(root, given)
    said = given.get("description") or below.get("description") or ""
    return str(said)


def _key(document: Mapping[str, Any], message: Mapping[str, Any]) -> Mapping[str, Any]:
    bindings = [_at(document, trait["$ref"])["bindings"] for trait in message.get("traits", ())]
    bindings.append(message.get("bindings", {}))
    found: Mapping[str, Any] = next(binding["kafka"]["key"] for binding in bindings if binding)
    return found


def _example(example: Mapping[str, Any]) -> str:
    shown = {part: example[part] for part in ("headers", "payload") if part in example}
    value = shown if len(shown) > 1 else shown["payload"]
    return orjson.dumps(_shortened(value), option=orjson.OPT_INDENT_2).decode()


def _shortened(value: Any) -> Any:
    """`value` with every longer list cut after its first item."""
    if isinstance(value, dict):
        return {name: _shortened(item) for name, item in value.items()}
    if isinstance(value, list):
        rest = len(value) - _LONGEST_LIST
        kept = [_shortened(item) for item in value[:_LONGEST_LIST]]
        return (
            [*kept, f"and {rest} more"] if rest > 1 and isinstance(value[0], dict) else [_shortened(it) for it in value]
        )
    return value


def _at(document: Mapping[str, Any], reference: str) -> Any:
    node: Any = document
    for step in reference.removeprefix("#/").split("/"):
        node = node[step]
    return node


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."


def _lowered(text: str) -> str:
    return f"{text[0].lower()}{text[1:]}"
