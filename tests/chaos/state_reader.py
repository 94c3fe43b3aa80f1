"""Reads what workers keep for themselves, snapshots and checkpoints, and handed over states, from their bytes.

Written from the description of the formats and not with the code that writes them, so that a mistake in that code
cannot hide itself here:

* a snapshot is a line `stream-app snapshot`, the length of its head (4 bytes, big-endian), the head (JSON with the
  competition, the position and the SHA-256 of the body), the body (a pickle, compressed by Zstandard), and an
  HMAC-SHA256 over all of that;
* its record is `W` and the snapshot, or `P`, the name of a slot, the number of its pieces (4 bytes) and the SHA-256 of
  the whole; the pieces lie under the key, a zero byte, the slot and their number;
* a checkpoint is JSON, compressed by Zstandard: the first place of the log that is not in it, and for each competition
  the offset of its last entry before that;
* a state that a command hands over is, in Base64, the same as a snapshot under a first line `stream-app artefact`.
"""

from __future__ import annotations

import hashlib
import hmac
import io
import pickle
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
import zstandard

from stream_app.league import League
from stream_app.lifecycle.handover import Handover
from stream_app.topic_reader import Record

FIRST_LINE = b"stream-app snapshot\n"
FIRST_LINE_OF_ARTEFACT = b"stream-app artefact\n"
SHA256_BYTES = 32
NUMBER_BYTES = 4


class Unreadable(Exception):
    """These bytes are no snapshot, or a damaged one."""


@dataclass(frozen=True, slots=True)
class Held:
    """What a snapshot holds: a league, and the offset of the last log entry that is in it."""

    competition: str
    position: int
    league: League


class SnapshotTrail:
    """Follows the records of the snapshots topic as they came and puts snapshots together."""

    def __init__(self) -> None:
        self._records: dict[bytes, bytes] = {}

    def add(self, record: Record) -> bytes | None:
        """Take in the next record; the snapshot that it completes, if it does.

        Raises Unreadable when it should complete one and the pieces do not fit.
        """
        key, value = record.key or b"", record.value
        if value is None:
            self._records.pop(key, None)
            return None
        self._records[key] = value
        return None if b"\0" in key else self._whole(key, value)

    def _whole(self, key: bytes, value: bytes) -> bytes:
        if value[:1] == b"W":
            return value[1:]
        slot, count = value[1:2], int.from_bytes(value[2 : 2 + NUMBER_BYTES], "big")
        pieces = [self._records.get(key + b"\0" + slot + str(number).encode(), b"") for number in range(count)]
        whole = b"".join(pieces)
        if value[:1] != b"P" or hashlib.sha256(whole).digest() != value[2 + NUMBER_BYTES :]:
            raise Unreadable(f"the pieces of the snapshot of {key!r} do not fit together")
        return whole


def read_snapshot(snapshot: bytes, signing_key: bytes) -> Held:
    """What `snapshot` holds. Raises Unreadable when anything about it is wrong."""
    signed, signature = snapshot[:-SHA256_BYTES], snapshot[-SHA256_BYTES:]
    if hmac.digest(signing_key, signed, "sha256") != signature:
        raise Unreadable("it has another signature")
    head, body = _parts(signed, FIRST_LINE)
    # The signature is the harness's own.
    book = _Unpickler(io.BytesIO(zstandard.decompress(body))).load()
    if (book.league.competition, book.position) != (head["competition"], head["position"]):
        raise Unreadable(f"the head speaks of {head['competition']!r} at {head['position']}, the body does not")
    return Held(book.league.competition, book.position, book.league)


def read_artefact(text: str) -> Handover:
    """The state in a command that was admitted, so that its signature has held. Raises Unreadable."""
    _, body = _parts(b64decode(text)[:-SHA256_BYTES], FIRST_LINE_OF_ARTEFACT)
    handover = _Unpickler(io.BytesIO(zstandard.decompress(body))).load()
    if not isinstance(handover, Handover):
        raise Unreadable(f"a {type(handover).__name__} is no state that was handed over")
    return handover


def _parts(signed: bytes, first_line: bytes) -> tuple[dict[str, Any], bytes]:
    """Head and body of what begins with `first_line`. Raises Unreadable."""
    if not signed.startswith(first_line):
        raise Unreadable(f"it does not begin with {first_line!r}")
    rest = signed[len(first_line) :]
    length = int.from_bytes(rest[:NUMBER_BYTES], "big")
    head: dict[str, Any] = orjson.loads(rest[NUMBER_BYTES : NUMBER_BYTES + length])
    body = rest[NUMBER_BYTES + length :]
    if hashlib.sha256(body).hexdigest() != head["sha256"]:
        raise Unreadable("the body has another checksum than its head says")
    return head, body


@dataclass(frozen=True, slots=True)
class Place:
    """What a checkpoint says."""

    place: int
    leagues: Mapping[str, int]


def read_place(value: bytes) -> Place:
    """The checkpoint in a record. Raises Unreadable."""
    try:
        content = orjson.loads(zstandard.decompress(value))
        return Place(content["place"], content["leagues"])
    except (zstandard.ZstdError, orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise Unreadable(f"no checkpoint: {error}") from error


class _Book:
    """Stands for the class of which the worker keeps an instance for each competition."""

    league: League
    position: int


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> object:
        return _Book if (module, name) == ("stream_app.durability.book", "Book") else super().find_class(module, name)
