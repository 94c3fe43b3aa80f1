"""The Faust tables of the worker, and how they are written.

Faust writes a table's changelog only from inside an agent's own event, waits for nobody and reports a failed send as
a warning. Here a value is put into the table and sent to its changelog in one step, to the partition that owns it, and
the caller awaits the brokers' confirmation.

What others read (the scoreboard) is a compacted topic with one record a competition, but no table of Faust: the worker
itself never looks into it, and a table would be read back from its beginning at every start.
"""

from __future__ import annotations

from collections.abc import Awaitable, Iterable

import faust
from faust.types import TableT

from stream_app.durability.checkpoint import checkpoint_key
from stream_app.topics import CHECKPOINTS, SNAPSHOTS


class Tables:
    """`snapshots`, `checkpoints` and what others read, keyed by competition (checkpoints: by partition)."""

    def __init__(self, app: faust.App, partitions: int, prefix: str = "") -> None:
        self._app = app
        self._tables: dict[str, TableT[bytes, bytes]] = {
            name: app.Table(
                name,
                key_type=bytes,
                value_type=bytes,
                partitions=partitions,
                changelog_topic=app.topic(
                    prefix + name, key_type=bytes, value_type=bytes, partitions=partitions, internal=True
                ),
            )
            for name in (SNAPSHOTS, CHECKPOINTS)
        }

    def snapshot_keys(self) -> Iterable[bytes]:
        """Keys of all snapshot records of the partitions that are ours."""
        return list(self._tables[SNAPSHOTS].data.keys())

    def snapshot(self, key: bytes) -> bytes | None:
        """The snapshot record under `key`."""
        return self._tables[SNAPSHOTS].data.get(key)

    def forget_snapshot(self, competition: str) -> None:
        """Do not use the snapshot of `competition` again; the next checkpoint writes a new one."""
        self._tables[SNAPSHOTS].data.pop(competition.encode(), None)

    async def delete_snapshot(self, competition: str, partition: int) -> Awaitable[object]:
        """Delete the snapshot of `competition`; the returned awaitable is done when the brokers know."""
        self.forget_snapshot(competition)
        return await self._app.producer.send(SNAPSHOTS, competition.encode(), None, partition, None, None)

    def checkpoint_of(self, partition: int) -> bytes | None:
        """The checkpoint record of `partition`."""
        return self._tables[CHECKPOINTS].data.get(checkpoint_key(partition))

    async def put_snapshot(self, key: bytes, value: bytes, partition: int) -> Awaitable[object]:
        """Write one snapshot record; the returned awaitable is done when the brokers have it."""
        return await self._put(SNAPSHOTS, key, value, partition)

    async def put_checkpoint(self, partition: int, value: bytes) -> Awaitable[object]:
        """Write the checkpoint of `partition`; awaitable as above."""
        return await self._put(CHECKPOINTS, checkpoint_key(partition), value, partition)

    async def put_public(self, topic: str, competition: str, value: bytes, partition: int) -> Awaitable[object]:
        """Write what others read of `competition` in the table `topic`; awaitable as above."""
        return await self._app.producer.send(topic, competition.encode(), value, partition, None, None)

    async def _put(self, name: str, key: bytes, value: bytes, partition: int) -> Awaitable[object]:
        self._tables[name].data[key] = value
        return await self._app.producer.send(name, key, value, partition, None, None)
