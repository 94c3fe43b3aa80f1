"""The Faust tables of the worker, and how they are written.

Faust writes a table's changelog only from inside an agent's own event, waits for nobody and reports a failed send as
a warning. Here a value is sent to the changelog directly, to the partition that owns it, and the caller awaits the
brokers' confirmation.

A league at work has no snapshot in the table: it would be in memory twice. What Faust reads into the table after a
rebalance is taken out when its league comes to life (`Shelf`), and what checkpoints write is on the brokers alone. So
the table is complete after a rebalance, and with the leagues that are at work at any other time; `EdgeRecovery` sees to
it that a rebalance reads all of it again.

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

    def keep_snapshot(self, key: bytes, value: bytes) -> None:
        """Have a snapshot record in memory, without sending it."""
        self._tables[SNAPSHOTS].data[key] = value

    def forget_snapshot(self, competition: str) -> None:
        """Have no snapshot of `competition` in memory: it is of no use, or its league is at work."""
        self._tables[SNAPSHOTS].data.pop(competition.encode(), None)

    async def delete_snapshot(self, competition: str, partition: int) -> Awaitable[object]:
        """Delete the snapshot of `competition`; the returned awaitable is done when the brokers know."""
        self.forget_snapshot(competition)
        return await self._app.producer.send(SNAPSHOTS, competition.encode(), None, partition, None, None)

    def checkpoint_of(self, partition: int) -> bytes | None:
        """The checkpoint record of `partition`."""
        return self._tables[CHECKPOINTS].data.get(checkpoint_key(partition))

    async def send_snapshot(self, key: bytes, value: bytes, partition: int) -> Awaitable[object]:
        """Send one snapshot record; the returned awaitable is done when the brokers have it."""
        return await self._app.producer.send(SNAPSHOTS, key, value, partition, None, None)

    async def put_checkpoint(self, partition: int, value: bytes) -> Awaitable[object]:
        """Write the checkpoint of `partition`; awaitable as above."""
        key = checkpoint_key(partition)
        self._tables[CHECKPOINTS].data[key] = value
        return await self._app.producer.send(CHECKPOINTS, key, value, partition, None, None)

    async def put_public(self, topic: str, competition: str, value: bytes, partition: int) -> Awaitable[object]:
        """Write what others read of `competition` in the table `topic`; awaitable as above."""
        return await self._app.producer.send(topic, competition.encode(), value, partition, None, None)
