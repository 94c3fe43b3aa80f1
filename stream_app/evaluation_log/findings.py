"""What is wrong with an event of the log, as told from what each side says of it."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple

import orjson

from stream_app.evaluation_log.row import LogRow

Side = Literal["topics", "csv", "postgres"]
StoreName = Literal["csv", "postgres"]
STORES: tuple[StoreName, ...] = ("csv", "postgres")

Defect = Literal["missing", "different", "duplicated", "unreadable", "unproven", "conflicting", "orphaned"]
"""What can be wrong with an event in a store.

missing: the store has read past it and does not hold it. different: it says something else than the topics, or was
changed since it was written. duplicated: it is there more than once. unreadable: a line that is no event. unproven:
the store alone has it although the topics should, or the stores differ and the topics no longer tell. conflicting: the
topics have two messages of one id. orphaned: an evaluation whose prediction is nowhere.
"""


_UUID_BYTES = 16
_HASH_DIGITS = 15

Wanted = Callable[[Sequence[bytes]], set[bytes]]
"""Picks from the ids of events those that are looked for."""


class Range(NamedTuple):
    """The offsets that a partition of a topic has: from `beginning` on, before `end`."""

    beginning: int
    end: int


def match_key(competition: str | None, match_id: str | None) -> bytes:
    """Eight bytes that stand for a match."""
    return hashlib.blake2b(f"{competition}\x1f{match_id}".encode(), digest_size=8).digest()


def uuid_bytes(text: str | None) -> bytes | None:
    """The sixteen bytes of a UUID; None where there is none."""
    try:
        # Several times as fast as to make a UUID of it first.
        found = bytes.fromhex(text.replace("-", "")) if text else b""
    except ValueError:
        return None
    return found if len(found) == _UUID_BYTES else None


def seconds(text: str | None) -> float | None:
    """A moment in ISO 8601 in seconds since 1970; None where there is none."""
    try:
        return datetime.fromisoformat(text).timestamp() if text else None
    except ValueError:
        return None


def hash_number(text: str) -> int:
    """The first sixty bits of a hash: enough to tell two messages of one id apart. -1 for what is no hash."""
    try:
        return int(text[:_HASH_DIGITS], 16)
    except ValueError:
        return -1


class Facts(NamedTuple):
    """What an event is about. A tuple, because a million of them go through.

    Attributes
    ----------
    id, about, supersedes
        The event, the prediction that it is about and the event that it replaces, as the bytes of their UUIDs.
    time
        Its event time, in seconds since 1970; None where a damaged store does not tell it.
    kickoff
        For a prediction that was made in time: when its match begins, in seconds since 1970.
    match
        For a prediction: something that is the same for all events of one match.
    """

    id: bytes
    type: str
    time: float | None
    competition: str | None
    about: bytes | None
    supersedes: bytes | None
    kickoff: float | None
    match: bytes | None


def facts_of(row: LogRow) -> Facts:
    """What the event of `row` is about."""
    match, kickoff = None, None
    if row.event_type == "prediction":
        match = match_key(row.competition, row.match_id)
        message = orjson.loads(row.metadata)
        kickoff = None if message.get("late") else seconds(message.get("kickoff"))
    return Facts(
        uuid.UUID(row.event_id).bytes,
        row.event_type,
        row.event_time.timestamp(),
        row.competition,
        uuid_bytes(row.prediction_id),
        uuid_bytes(row.supersedes),
        kickoff,
        match,
    )


@dataclass(frozen=True, slots=True)
class Window:
    """Which events are looked at: by event time (from `since` on, before `until`) and competition."""

    since: datetime | None = None
    until: datetime | None = None
    competition: str | None = None

    def condition(self) -> tuple[str, list[float | str]]:
        """An SQL condition on `seen` and its parameters."""
        wanted: dict[str, float | str | None] = {
            "seen.time >= ?": self.since.timestamp() if self.since else None,
            "seen.time < ?": self.until.timestamp() if self.until else None,
            "seen.competition = ?": self.competition,
        }
        kept = {condition: value for condition, value in wanted.items() if value is not None}
        return " and ".join(("true", *kept)), list(kept.values())


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong with an event.

    `proof` says which side shows what would be right, None when none does.
    """

    side: Side
    defect: Defect
    event_id: bytes
    event_type: str
    competition: str | None
    proof: Side | None


class Entry(NamedTuple):
    """What each side says of one event.

    Attributes
    ----------
    topics_hash, csv_hash, postgres_hash
        The hash of the message as `hash_number` has it, None where the side does not have the event.
    conflicts
        Messages of the topics that have the same id and say something else.
    alien
        Whether a store says that it has it from a place of a topic that the topic still has.
    csv_intact, postgres_intact
        Whether the event is as it was written.
    csv_unread, postgres_unread
        Whether the store has not come so far yet.
    csv_lines, settled_lines
        How many lines say it, and how many of those earlier repairs have left.
    """

    id: bytes
    type: str
    competition: str | None
    topics_hash: int | None
    conflicts: int
    alien: int
    csv_hash: int | None
    csv_intact: int | None
    csv_unread: int
    csv_lines: int
    settled_lines: int
    postgres_hash: int | None
    postgres_intact: int | None
    postgres_unread: int

    def hash_in(self, store: StoreName) -> int | None:
        """The hash that `store` has, None when it does not hold the event."""
        return self.csv_hash if store == "csv" else self.postgres_hash

    def intact_in(self, store: StoreName) -> bool:
        """Whether `store` holds the event as it was written."""
        return bool(self.csv_intact if store == "csv" else self.postgres_intact)

    def unread_by(self, store: StoreName) -> bool:
        """Whether `store` has not come so far yet."""
        return bool(self.csv_unread if store == "csv" else self.postgres_unread)


def classified(entry: Entry, stores: Sequence[StoreName]) -> Iterator[Finding]:
    """Everything that is wrong with `entry` in `stores`."""

    def finding(side: Side, defect: Defect, proof: Side | None) -> Finding:
        return Finding(side, defect, entry.id, entry.type, entry.competition, proof)

    if entry.conflicts:
        yield finding("topics", "conflicting", None)
    if entry.csv_lines > entry.settled_lines:
        yield finding("csv", "duplicated", "csv")
    if entry.topics_hash is not None:
        for store in stores:
            if entry.hash_in(store) is None:
                if not entry.unread_by(store):
                    yield finding(store, "missing", "topics")
            elif not entry.intact_in(store) or entry.hash_in(store) != entry.topics_hash:
                yield finding(store, "different", "topics")
        return
    intact = [store for store in stores if entry.intact_in(store)]
    agreed = len({entry.hash_in(store) for store in intact}) == 1
    # What all stores hold needs no other witness: the topic may be shorter than the log, or made anew.
    proof = intact[0] if agreed and (len(intact) == len(stores) or not entry.alien) else None
    for store in stores:
        if entry.hash_in(store) is None:
            if proof:
                yield finding(store, "missing", proof)
        elif store not in intact:
            yield finding(store, "different", proof)
        elif proof is None:
            yield finding(store, "unproven", None)
