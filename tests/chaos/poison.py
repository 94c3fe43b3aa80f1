"""Poison: each kind makes of a good message one that has to be refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from stream_app.contracts import Input
from stream_app.events import ModelCommand
from stream_app.partitioning import partition_of
from tests.chaos.sent import Sent, message_of

TOO_LARGE = 300_000
"""Bytes of a message of a feed that is over the limit of the service and below that of the topic."""


def poison(event: Input, kind: str, partitions: int) -> Sent:
    """`event` as a message that has to end in the dead letters, spoiled in the way that `kind` names."""
    fine = message_of(event)
    value, key = fine.value or b"", fine.key or b""
    home = partition_of(key, partitions)
    if kind == "in another partition":
        return replace(fine, made=kind, partition=(home + 1) % partitions)
    if kind == "key of another competition":
        return replace(fine, made=kind, key=b"another " + key)
    if kind == "no key":
        return replace(fine, made=kind, key=None, partition=home)
    if kind == "no value":
        return replace(fine, made=kind, value=None)
    return replace(fine, made=kind, value=_spoilers(event)[kind](value))


def kinds_of_poison(event: Input) -> tuple[str, ...]:
    """The ways in which a message like `event` can be spoiled."""
    return KINDS_OF_COMMANDS if isinstance(event, ModelCommand) else KINDS_OF_FEEDS


def _field(spoiled: bytes) -> Callable[[bytes], bytes]:
    """A spoiler that puts `spoiled` in front of the other fields."""
    return lambda value: b"{" + spoiled + b"," + value[1:]


def _from_the_future(value: bytes) -> bytes:
    for field in (b"finished_at", b"as_of", b"issued_at"):
        value = value.replace(b'"%b":"2' % field, b'"%b":"9' % field)
    return value


def _too_large(value: bytes) -> bytes:
    return b"{" + b" " * TOO_LARGE + value[1:]


_Spoilers = dict[str, Callable[[bytes], bytes]]

_OF_ALL: _Spoilers = {
    "not JSON": lambda value: b"match: " + value,
    "cut off": lambda value: value[: len(value) // 2],
    "empty": lambda _: b"",
    "an array": lambda value: b"[" + value + b"]",
    "not a number": _field(b'"home_goals":NaN'),
    "unknown field": _field(b'"referee":"nobody"'),
    "from the future": _from_the_future,
    "time without a zone": lambda value: value.replace(b'Z"', b'"', 1),
    "deeply nested": _field(b'"venue":' + b"[" * 500 + b"]" * 500),
}

_OF_FEEDS: _Spoilers = {
    "no UTF-8": lambda value: value.replace(b'"home":"', b'"home":"\xff\xfe'),
    "wrong type": lambda value: value.replace(b'"neutral":false', b'"neutral":"no"'),
    "missing field": lambda value: value.replace(b'"home":', b'"host":'),
    "control character": lambda value: value.replace(b'"home":"', b'"home":"\\u0007'),
    "one team against itself": lambda value: value.replace(_side(value, b"away"), _side(value, b"home")),
    "no such day": lambda value: value.replace(b'"kickoff":"20', b'"kickoff":"2021-02-30T15:00:00Z","season":"20', 1),
    "too large": _too_large,
}

_OF_COMMANDS: _Spoilers = {
    "unknown action": lambda value: value.replace(b'"action":"', b'"action":"please '),
    "nobody asks": lambda value: value.replace(b'"who":', b'"whom":'),
    "no words": lambda value: value.replace(b'"why":"', b'"why":"\\u0007'),
    "no such version": lambda value: value[:-1] + b',"version":0}',
    "a proposal that is none": lambda value: value[:-1] + b',"proposal_id":"the last one"}',
}


def _spoilers(event: Input) -> _Spoilers:
    return _OF_ALL | (_OF_COMMANDS if isinstance(event, ModelCommand) else _OF_FEEDS)


def _side(value: bytes, name: bytes) -> bytes:
    """The bytes of a team's name in `value`, with their quotation marks."""
    start = value.index(b'"' + name + b'":') + len(name) + 3
    return value[start : value.index(b'"', start + 1) + 1]


_ASTRAY = ("in another partition", "key of another competition", "no key", "no value")

KINDS_OF_FEEDS: tuple[str, ...] = (*_OF_ALL, *_OF_FEEDS, *_ASTRAY)
"""Every kind of poison among features and results."""

KINDS_OF_COMMANDS: tuple[str, ...] = (*_OF_ALL, *_OF_COMMANDS, *_ASTRAY)
"""Every kind of poison among model commands."""
