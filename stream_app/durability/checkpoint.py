"""Checkpoints: up to which place of the log the snapshots of a partition are complete, and where to read on from.

The snapshots are trusted, not the committed offset. A worker that was frozen in the middle of a checkpoint and wakes up
later can still write an old snapshot, or an old checkpoint, over newer ones; the place to read from is then simply
further back, because the log has everything and applying an entry again changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import orjson
import zstandard

from stream_app.errors import Fatal


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a partition's checkpoint says.

    `place` is the first log offset that is not in it. `leagues` has, for every competition of the partition, the offset
    of the last entry that its league had then; that can be one after `place`, which other competitions still lacked.
    """

    place: int
    leagues: Mapping[str, int]

    def to_json(self) -> bytes:
        """What it says, as JSON."""
        return orjson.dumps({"place": self.place, "leagues": dict(self.leagues)})

    def to_bytes(self) -> bytes:
        """The checkpoint as the value of a record."""
        return zstandard.compress(self.to_json(), 1)


def checkpoint_key(partition: int) -> bytes:
    """The key of a partition's checkpoint record."""
    return b"%d" % partition


def read_checkpoint(value: bytes | None) -> Checkpoint | None:
    """The checkpoint in a record; None when there is none or it is damaged: then the log is read from its beginning."""
    if not value:
        return None
    try:
        content = orjson.loads(zstandard.decompress(value))
        return Checkpoint(place=int(content["place"]), leagues={str(k): int(v) for k, v in content["leagues"].items()})
    except (zstandard.ZstdError, orjson.JSONDecodeError, KeyError, TypeError, ValueError):
        return None


def resume_place(
    checkpoint: Checkpoint | None, snapshots: Mapping[str, int | None], committed: int, beginning: int
) -> int:
    """The log offset at which a partition has to be read on, so that no league misses an entry.

    Parameters
    ----------
    checkpoint
        The last checkpoint of the partition that is on record.
    snapshots
        For every competition that has a snapshot: the last log offset that it holds, None when it cannot be used.
    committed
        The consumer group's committed offset.
    beginning
        The first offset that the log still has.

    Raises
    ------
    Fatal
        The log no longer has what is needed.
    """
    place = min(checkpoint.place, committed) if checkpoint is not None else 0
    needed = checkpoint.leagues if checkpoint is not None else {}
    for competition, held in {**dict.fromkeys(needed), **snapshots}.items():
        if held is None:
            place = 0
        elif held < needed.get(competition, 0):
            place = min(place, held + 1)
    if place < beginning:
        raise Fatal(f"the log begins at offset {beginning} but is needed from {place} on: entries are gone")
    return place
