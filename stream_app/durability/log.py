"""Entries of the match-log: every admitted event of a competition in the one order in which it counted.

An entry holds the bytes of the original message and says in its headers where they came from. Applying a log is then a
pure function of it, and an entry that was appended twice (the worker died after the append and before the input was
marked as read) shows by its source offset.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import get_args

from stream_app.contracts import Kind
from stream_app.errors import Fatal

KINDS: tuple[Kind, ...] = get_args(Kind)
NO_SOURCE = "settings"
"""Source of the entries that no input message stands behind: the configuration of a competition."""


def source_of(topic: str, generation: int) -> str:
    """Name of an input as a source of entries: another one for each generation of topics, whose offsets begin anew."""
    return topic if generation == 1 else f"{topic}#{generation}"


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the log.

    `source` names the topic that the payload came from (`source_of`) and `source_offset` its offset there; the
    partition is the log's own. Entries from `NO_SOURCE` have offset -1 and may be repeated: applying one twice changes
    nothing.
    """

    kind: Kind
    competition: str
    source: str
    source_offset: int
    payload: bytes

    def headers(self) -> list[tuple[str, bytes]]:
        """The headers that carry everything but key and payload."""
        return [
            ("kind", self.kind.encode()),
            ("source", self.source.encode()),
            ("source-offset", b"%d" % self.source_offset),
        ]

    @property
    def key(self) -> bytes:
        """The record's key: the competition."""
        return self.competition.encode()


def read_entry(key: bytes | None, value: bytes | None, headers: Iterable[tuple[str, bytes]] | None) -> Entry:
    """The entry that a record of the log holds.

    Raises
    ------
    Fatal
        The record was not written by an order agent. Nothing else may write the log, so nothing after it can be
        trusted.
    """
    named = dict(headers or ())
    try:
        kind = next(known for known in KINDS if known.encode() == named["kind"])
        return Entry(
            kind=kind,
            competition=(key or b"").decode(),
            source=named["source"].decode(),
            source_offset=int(named["source-offset"]),
            payload=value or b"",
        )
    except (KeyError, ValueError, StopIteration) as error:
        raise Fatal(f"match-log holds a record that is no entry (key {key!r}, headers {named!r}): {error!r}") from error
