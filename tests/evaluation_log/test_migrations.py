from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator

import asyncpg
import pytest

from stream_app.errors import InvalidInput
from stream_app.evaluation_log.database import bring_up_to_date, connected, missing_migrations
from stream_app.evaluation_log.migrations import Migration, migrate, migrations

FIRST = Migration(1, "0001_first.sql", "create table first (n integer);")
SECOND = Migration(2, "0002_second.sql", "create table second (n integer); insert into first values (2);")
NONSENSE = Migration(2, "0002_nonsense.sql", "create table second (n integer); select nonsense;")


@pytest.fixture
async def connection(database: str) -> AsyncIterator[asyncpg.Connection]:
    async with connected(database) as connection:
        yield connection


async def tables(connection: asyncpg.Connection) -> set[str]:
    rows = await connection.fetch("select tablename from pg_tables where schemaname = 'public'")
    return {row["tablename"] for row in rows}


def test_the_numbers_of_the_files_count_from_one_without_a_gap() -> None:
    assert [migration.version for migration in migrations()] == list(range(1, len(migrations()) + 1))


async def test_an_empty_database_gets_everything_once(database: str) -> None:
    assert await missing_migrations(database) == migrations()
    assert await bring_up_to_date(database) == migrations()
    assert await missing_migrations(database) == []
    assert await bring_up_to_date(database) == []


@pytest.mark.parametrize("earlier", range(1, len(migrations())))
async def test_a_database_of_each_earlier_version_is_brought_up_to_date(
    connection: asyncpg.Connection, earlier: int
) -> None:
    await migrate(connection, migrations()[:earlier])
    assert await migrate(connection) == migrations()[earlier:]
    assert {"evaluation_log", "evaluation_log_places"} <= await tables(connection)


async def test_two_processes_at_once_apply_everything_once(database: str) -> None:
    applied = await asyncio.gather(*(bring_up_to_date(database) for _ in range(4)))
    assert sorted(map(len, applied)) == [0, 0, 0, len(migrations())]


async def test_a_migration_that_was_changed_afterwards_is_refused(connection: asyncpg.Connection) -> None:
    await migrate(connection, [FIRST])
    changed = dataclasses.replace(FIRST, sql=FIRST.sql + "-- one more remark")
    with pytest.raises(InvalidInput, match=r"0001_first\.sql is not the one that the database was made with"):
        await migrate(connection, [changed, SECOND])
    assert "second" not in await tables(connection)


async def test_a_database_that_is_ahead_of_the_program_is_refused(connection: asyncpg.Connection) -> None:
    await migrate(connection, [FIRST, SECOND])
    with pytest.raises(InvalidInput, match=r"0002_second\.sql, which this version of the program does not know"):
        await migrate(connection, [FIRST])


async def test_a_database_with_a_gap_is_refused(connection: asyncpg.Connection) -> None:
    await migrate(connection, [FIRST, SECOND])
    await connection.execute("delete from evaluation_log_migrations where version = 1")
    with pytest.raises(InvalidInput, match="lacks a migration below number 2"):
        await migrate(connection, [FIRST, SECOND])


async def test_a_migration_that_fails_leaves_nothing_of_itself_and_its_like(connection: asyncpg.Connection) -> None:
    with pytest.raises(asyncpg.UndefinedColumnError):
        await migrate(connection, [FIRST, NONSENSE])
    assert await tables(connection) == set()
    assert await migrate(connection, [FIRST, SECOND]) == [FIRST, SECOND]
