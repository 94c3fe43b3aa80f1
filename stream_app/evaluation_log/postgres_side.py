"""What the database says, for a comparison with the topics and the CSV files."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence

import asyncpg
import orjson

from stream_app.evaluation_log.comparison import Comparison
from stream_app.evaluation_log.findings import Range, hash_number
from stream_app.evaluation_log.row import COLUMNS, LogRow
from stream_app.evaluation_log.store import TopicPartition

_BATCH = 5_000

_EVENTS = """
select
    uuid_send(event_id), content_hash, seal = evaluation_log_seal(entry), kafka_topic, kafka_partition, kafka_offset,
    case when event_type = 'repair' then metadata::text end
from evaluation_log as entry
"""
_IDS = ("event_id", "prediction_id", "supersedes")
_ROWS = f"""
select {", ".join(f"{name}::text" if name in (*_IDS, "metadata") else name for name in COLUMNS)}
from evaluation_log where event_id = any($1::uuid[])
"""  # noqa: S608  names of this program


async def pour(connection: asyncpg.Connection, comparison: Comparison, ranges: Mapping[TopicPartition, Range]) -> None:
    """Pour all events into `comparison`, except those that came after the end of `ranges`."""
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        cursor = await connection.cursor(_EVENTS)
        while records := await cursor.fetch(_BATCH):
            events: list[tuple[bytes, int, bool, bool]] = []
            for id_, hash_, intact, topic, partition, offset, repair in records:
                alien = False
                if range_ := ranges.get((topic, partition)):
                    if offset >= range_.end:
                        continue
                    alien = offset >= range_.beginning
                events.append((id_, hash_number(hash_), intact, alien))
                if repair:
                    comparison.settle_events(orjson.loads(repair))
            comparison.add_kept("postgres", events)


async def rows(connection: asyncpg.Connection, ids: Sequence[bytes]) -> list[LogRow]:
    """The rows of the events `ids`."""
    async with connection.transaction():
        records = await connection.fetch(_ROWS, [uuid.UUID(bytes=id_) for id_ in ids])
    return [LogRow._make(_compact(record)) for record in records]


def _compact(record: asyncpg.Record) -> Iterable[object]:
    *columns, metadata = record
    return (*columns, orjson.dumps(orjson.loads(metadata)).decode())
