"""The database's tables, brought up to date by numbered SQL files: forward only, each once, none changed afterwards."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

import asyncpg

from stream_app import schemas
from stream_app.errors import InvalidInput

FOLDER = "sql"

# The first eight bytes of SHA-256 of "stream-app migrations", as PostgreSQL's advisory locks take them.
_LOCK = int.from_bytes(hashlib.sha256(b"stream-app migrations").digest()[:8], signed=True)

_NAME = re.compile(r"(\d{4})_[a-z0-9_]+\.sql")

_TABLE = """
create table if not exists evaluation_log_migrations (
    version integer primary key,
    name text not null,
    checksum text not null,
    applied_at timestamptz not null default now()
)
"""


@dataclass(frozen=True, slots=True)
class Migration:
    """One numbered file and what it says."""

    version: int
    name: str
    sql: str

    @property
    def checksum(self) -> str:
        """SHA-256 of the file, in hexadecimal."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


def migrations() -> list[Migration]:
    """All migrations of this version of the program, in their order."""
    files = sorted((file.name, file) for file in schemas.folder().joinpath(FOLDER).iterdir())
    return [
        Migration(int(match[1]), name, file.read_text(encoding="utf-8"))
        for name, file in files
        if (match := _NAME.fullmatch(name))
    ]


async def migrate(connection: asyncpg.Connection, wanted: Sequence[Migration] | None = None) -> list[Migration]:
    """Apply what the database lacks of `wanted` (default: all); what was applied.

    All of it in one transaction under a lock: of several processes one applies, the others wait and find it done.

    Raises
    ------
    InvalidInput
        A migration was changed after it was applied, or the database is ahead of this program.
    """
    wanted = migrations() if wanted is None else wanted
    async with connection.transaction():
        await connection.execute("select pg_advisory_xact_lock($1)", _LOCK)
        await connection.execute(_TABLE)
        pending = _pending(wanted, await _applied(connection))
        for migration in pending:
            await connection.execute(migration.sql)
            await connection.execute(
                "insert into evaluation_log_migrations (version, name, checksum) values ($1, $2, $3)",
                migration.version,
                migration.name,
                migration.checksum,
            )
    return pending


async def lacking(connection: asyncpg.Connection) -> list[Migration]:
    """The migrations that the database lacks. Raises InvalidInput like `migrate`."""
    async with connection.transaction():
        exists = await connection.fetchval("select to_regclass('evaluation_log_migrations') is not null")
        return _pending(migrations(), await _applied(connection) if exists else [])


async def _applied(connection: asyncpg.Connection) -> list[tuple[int, str, str]]:
    rows = await connection.fetch("select version, name, checksum from evaluation_log_migrations order by version")
    return [(row["version"], row["name"], row["checksum"]) for row in rows]


def _pending(wanted: Sequence[Migration], applied: Sequence[tuple[int, str, str]]) -> list[Migration]:
    known = {migration.version: migration for migration in wanted}
    for version, name, checksum in applied:
        if version not in known:
            raise InvalidInput(
                f"the database has migration {name}, which this version of the program does not know: "
                "run the version that made it, or a newer one"
            )
        if known[version].checksum != checksum:
            raise InvalidInput(
                f"migration {known[version].name} is not the one that the database was made with: "
                "put the file back and write a new migration for the change"
            )
    last = max((version for version, _, _ in applied), default=0)
    pending = [migration for migration in wanted if migration.version > last]
    if len(applied) + len(pending) < len(wanted):
        raise InvalidInput(f"the database lacks a migration below number {last}: it was not made by this program")
    return pending
