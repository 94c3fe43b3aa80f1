"""The evaluation log as a table of PostgreSQL (or Supabase, which is PostgreSQL).

Rows and places are written in one transaction, so that after any crash of either side the table holds exactly the
events up to its places. Nothing outlives a transaction, so that a pooler in transaction mode may lie in between.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import asyncpg

from stream_app.errors import Retryable
from stream_app.evaluation_log.database import CONNECT_TIMEOUT_S, REFUSED, connect, own_errors
from stream_app.evaluation_log.migrations import migrate
from stream_app.evaluation_log.row import COLUMNS, LogRow
from stream_app.evaluation_log.store import Batch, Place, Refuse, TopicPartition

log = logging.getLogger(__name__)

_STAGING = "evaluation_log_staging"
_NAMES = ", ".join(COLUMNS)

_STAGE = f"create temp table {_STAGING} on commit drop as select {_NAMES} from evaluation_log with no data"  # noqa: S608  names of this program
# In the order of the ids, so that two sinks that write the same events wait for each other instead of locking up.
_INSERT = f"""
insert into evaluation_log ({_NAMES})
select {_NAMES} from {_STAGING} order by event_id
on conflict (event_id) do nothing
"""  # noqa: S608  names of this program
# The trigger has put the seal of the new row into `excluded`.
_UPSERT = f"""
insert into evaluation_log ({_NAMES})
select {_NAMES} from {_STAGING} order by event_id
on conflict (event_id) do update set {", ".join(f"{name} = excluded.{name}" for name in (*COLUMNS[1:], "seal"))}
"""  # noqa: S608  names of this program
_PLACES = """
insert into evaluation_log_places (topic, partition, next_offset, last_offset, last_id)
select * from unnest($1::text[], $2::integer[], $3::bigint[], $4::bigint[], $5::uuid[])
on conflict (topic, partition) do update
set next_offset = excluded.next_offset, last_offset = excluded.last_offset, last_id = excluded.last_id
"""


class PostgresLog:
    """The log in the database at `url`. Any number of processes may write to it; each event is in it once."""

    name = "postgres"

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: asyncpg.Connection | None = None

    async def open(self) -> None:
        """Connect, if there is no connection, and bring the tables up to date; see `Store.open`."""
        if self._connection is None or self._connection.is_closed():
            self._connection = await connect(self._url)
        async with self._safely() as connection:
            applied = await migrate(connection)
        for migration in applied:
            log.info("applied %s", migration.name)

    async def places(self) -> dict[TopicPartition, Place]:
        """How far each partition has been read; see `Store.places`."""
        async with self._safely() as connection:
            return await places_in(connection)

    async def append(self, batch: Batch, refuse: Refuse) -> int:
        """Add the events that are new; see `Store.append`."""
        async with self._safely() as connection:
            try:
                async with connection.transaction():
                    added = await _add(connection, batch.rows)
                    await _set_places(connection, batch)
            except REFUSED:
                added = await _add_by_halves(connection, batch.rows, refuse)
                async with connection.transaction():
                    await _set_places(connection, batch)
        return added

    async def overwrite(self, rows: Sequence[LogRow]) -> None:
        """Make the table say of each event what `rows` say of it."""
        async with self._safely() as connection, connection.transaction():
            await _stage(connection, rows)
            await connection.execute(_UPSERT)

    async def close(self) -> None:
        """Close the connection; see `Store.close`."""
        connection, self._connection = self._connection, None
        if connection is not None and not connection.is_closed():
            await connection.close(timeout=CONNECT_TIMEOUT_S)

    @asynccontextmanager
    async def _safely(self) -> AsyncIterator[asyncpg.Connection]:
        """The connection for the length of a block; thrown away when something goes wrong on it.

        Only `open` makes a new one: whoever writes has to ask for the places first, which may have gone back.
        """
        if self._connection is None or self._connection.is_closed():
            raise Retryable("PostgreSQL: the connection is closed")
        try:
            async with own_errors():
                yield self._connection
        except BaseException:
            self._connection.terminate()
            self._connection = None
            raise


async def places_in(connection: asyncpg.Connection) -> dict[TopicPartition, Place]:
    """How far the log in a database has read each partition."""
    # In a transaction, so that a pooler keeps the parts of one query on one server connection.
    async with connection.transaction():
        rows = await connection.fetch(
            "select topic, partition, next_offset, last_offset, last_id from evaluation_log_places"
        )
    return {
        (row["topic"], row["partition"]): Place(row["next_offset"], row["last_offset"], str(row["last_id"]))
        for row in rows
    }


async def _add(connection: asyncpg.Connection, rows: Sequence[LogRow]) -> int:
    if not rows:
        return 0
    await _stage(connection, rows)
    status: str = await connection.execute(_INSERT)
    return int(status.rpartition(" ")[2])


async def _stage(connection: asyncpg.Connection, rows: Sequence[LogRow]) -> None:
    await connection.execute(_STAGE)
    await connection.copy_records_to_table(_STAGING, records=rows, columns=COLUMNS)


async def _add_by_halves(connection: asyncpg.Connection, rows: Sequence[LogRow], refuse: Refuse) -> int:
    """Find what the database refuses by halving; add everything else."""
    try:
        async with connection.transaction():
            return await _add(connection, rows)
    except REFUSED as error:
        if len(rows) == 1:
            await refuse(rows[0], f"PostgreSQL refuses the row: {error}")
            return 0
    half = len(rows) // 2
    added = await _add_by_halves(connection, rows[:half], refuse)
    return added + await _add_by_halves(connection, rows[half:], refuse)


async def _set_places(connection: asyncpg.Connection, batch: Batch) -> None:
    if not batch.places:
        return
    places = [(*tp, place.next_offset, place.last_offset, place.last_id) for tp, place in batch.places.items()]
    await connection.execute(_PLACES, *map(list, zip(*places, strict=True)))
