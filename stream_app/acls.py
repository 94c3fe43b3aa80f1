"""What each part of the service must be allowed on brokers that forbid everything else: one table, nothing to spare.

To write or read a topic, or to read in a group, includes seeing it, as Kafka's authorizer has it. Idempotent producers
need nothing more than to write, and no part uses transactions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from stream_app.errors import InvalidInput
from stream_app.topics import (
    ANALYTICS,
    CHECKPOINTS,
    DEAD_LETTER_DECISIONS,
    DEAD_LETTERS,
    DECAY_ALERTS,
    EVALUATIONS,
    FEEDS,
    INPUTS,
    LOG,
    MODEL_COMMANDS,
    MODEL_EVENTS,
    PREDICTIONS,
    REGISTRY,
    RESULTS,
    SCOREBOARD,
    SNAPSHOTS,
    TOPICS,
)

Operation = Literal["Read", "Write", "Create", "Describe", "DescribeConfigs"]
Resource = Literal["topic", "group"]
Pattern = Literal["literal", "prefixed"]

_ALL = tuple(topic.name for topic in TOPICS)
_EVENTS = (PREDICTIONS, EVALUATIONS, DECAY_ALERTS, MODEL_EVENTS)
_TABLES = (SCOREBOARD, ANALYTICS, REGISTRY, SNAPSHOTS, CHECKPOINTS)


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the service and its needs: operation -> topics, and groups as what follows the workers' group.

    `groups` are read and committed, `groups_seen` only looked at. A name that ends with `*` stands for all groups that
    begin so; the workers' own group is the empty name.
    """

    meaning: str
    topics: Mapping[Operation, tuple[str, ...]]
    groups: tuple[str, ...] = ()
    groups_seen: tuple[str, ...] = ()


PARTS: Mapping[str, Part] = {
    "feed": Part("importers, replays and every program that sends matches", {"Write": FEEDS}),
    # It looks for what it has sent already before it was started anew.
    "gateway": Part("the HTTP gateway", {"Write": FEEDS, "Read": FEEDS}),
    "worker": Part(
        "the workers",
        {
            "Read": (*INPUTS, LOG, SNAPSHOTS, CHECKPOINTS),
            "Write": (LOG, *_EVENTS, *_TABLES, DEAD_LETTERS),
            "Describe": (DEAD_LETTER_DECISIONS,),
            "DescribeConfigs": _ALL,
        },
        groups=("",),
    ),
    "sink": Part(
        "the evaluation log, with its regular reconciliation",
        {"Read": (*_EVENTS, RESULTS), "Write": (DEAD_LETTERS,)},
        groups=("-sink-*",),
    ),
    "web": Part(
        "the live view, read-only",
        {"Read": (*_EVENTS, SCOREBOARD, REGISTRY, ANALYTICS, DEAD_LETTERS, CHECKPOINTS), "Describe": (*INPUTS, LOG)},
        groups_seen=("", "-*"),
    ),
    "desk": Part("in addition, the live view in which operators sign in", {"Write": (MODEL_COMMANDS,)}),
    "notify": Part(
        "notification", {"Read": (DECAY_ALERTS, MODEL_EVENTS), "Write": (DEAD_LETTERS,)}, groups=("-notify-*",)
    ),
    "watch-evidence": Part(
        "the watch over the evidence", {"Read": (EVALUATIONS,), "Write": (MODEL_COMMANDS,)}, groups=("-evidence",)
    ),
    "operator": Part(
        "people at the command line: topics, models, dead letters, verify, rebuild, reconcile, predict --live",
        {
            "Create": _ALL,
            "DescribeConfigs": _ALL,
            "Read": _ALL,
            "Write": (*INPUTS, DEAD_LETTER_DECISIONS, *_TABLES),
        },
        # To rebuild the tables needs the proof that no worker runs, which is to commit in their group.
        groups=("",),
        groups_seen=("-*",),
    ),
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One access control entry: `principal` may do `operation` on a resource of that name, or that begins so."""

    principal: str
    operation: Operation
    resource: Resource
    name: str
    pattern: Pattern = "literal"


def entries(parts: Sequence[str], principal: str | None, *, prefix: str, group: str) -> list[Entry]:
    """What `parts` need together, each entry once, for `principal`, or for a user with the name of each part.

    `prefix` is that of the topics, `group` the whole name of the workers' group.

    Raises
    ------
    InvalidInput
        There is no such part.
    """
    found: dict[Entry, None] = {}
    for name in parts:
        if name not in PARTS:
            raise InvalidInput(f"part {name!r}: wanted one of {', '.join(PARTS)}")
        found |= dict.fromkeys(_entries(PARTS[name], principal or f"User:{name}", prefix, group))
    return list(found)


def _entries(part: Part, principal: str, prefix: str, group: str) -> Iterator[Entry]:
    for operation, topics in part.topics.items():
        for topic in topics:
            yield Entry(principal, operation, "topic", prefix + topic)
    needs: tuple[tuple[Operation, tuple[str, ...]], ...] = (("Read", part.groups), ("Describe", part.groups_seen))
    for needed, groups in needs:
        for name in groups:
            pattern: Pattern = "prefixed" if name.endswith("*") else "literal"
            yield Entry(principal, needed, "group", group + name.removesuffix("*"), pattern)


def table() -> str:
    """The needs of all parts as a table in Markdown, with plain names."""
    shown: tuple[Operation, ...] = ("Read", "Write", "Create", "Describe", "DescribeConfigs")
    lines = ["| part | may | topics and groups |", "|---|---|---|"]
    for name, part in PARTS.items():
        heading = f"`{name}`: {part.meaning}"
        for operation in shown:
            if topics := part.topics.get(operation):
                names = "all topics" if topics == _ALL else ", ".join(f"`{topic}`" for topic in topics)
                lines.append(f"| {heading} | {operation} | {names} |")
                heading = ""
        for operation, groups in (("Read", part.groups), ("Describe", part.groups_seen)):
            if groups:
                names = ", ".join(f"`stream-app{group}`" for group in groups)
                lines.append(f"| {heading} | {operation} | groups {names} |")
                heading = ""
    return "\n".join(lines)


def commands(wanted: Sequence[Entry], bootstrap: str) -> list[str]:
    """The commands of Kafka's own tool that make the entries `wanted`, as few as can be."""
    together: dict[tuple[str, Resource, Pattern, tuple[str, ...]], list[Operation]] = {}
    names: dict[tuple[str, Operation, Resource, Pattern], list[str]] = {}
    for entry in wanted:
        names.setdefault((entry.principal, entry.operation, entry.resource, entry.pattern), []).append(entry.name)
    for (principal, operation, resource, pattern), found in names.items():
        together.setdefault((principal, resource, pattern, tuple(found)), []).append(operation)
    return [
        " ".join(
            [
                f"kafka-acls.sh --bootstrap-server {bootstrap} --command-config admin.properties --add",
                f"--allow-principal '{principal}'",
                *(f"--operation {operation}" for operation in operations),
                *(f"--{resource} '{name}'" for name in found),
                *([f"--resource-pattern-type {pattern}"] if pattern != "literal" else []),
            ]
        )
        for (principal, resource, pattern, found), operations in together.items()
    ]
