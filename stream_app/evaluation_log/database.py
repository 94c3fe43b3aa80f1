"""A connection to PostgreSQL or Supabase, and what its errors mean for who uses it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import asyncpg

from stream_app.errors import Fatal, InvalidInput, Retryable
from stream_app.evaluation_log import tls
from stream_app.evaluation_log.migrations import Migration, lacking, migrate

# Longer than a batch ever takes; a connection that hangs for longer is given up and made anew.
_COMMAND_TIMEOUT_S = 60.0
CONNECT_TIMEOUT_S = 10.0

# What the server says when it, or the way to it, is in trouble that passes.
_PASSING = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    # A cut connection that is used before the cut is noticed: the client, not the server, has lost its way.
    asyncpg.InternalClientError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.TransactionRollbackError,
    asyncpg.LockNotAvailableError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.PostgresSystemError,
    OSError,
    TimeoutError,
)
_SET_UP_WRONGLY = (
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.InsufficientPrivilegeError,
    asyncpg.ClientConfigurationError,
)
REFUSED = (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError)
"""What the server says when it is a row that is wrong."""


async def connect(url: str) -> asyncpg.Connection:
    """A connection to the database at `url` that works through a transaction pooler too.

    Raises
    ------
    Retryable
        The server is not there.
    InvalidInput
        The address, the user, the password or the database is wrong, or the server cannot prove who it is.
    """
    try:
        return await asyncpg.connect(
            url,
            # A pooler gives each transaction another server connection: what was prepared on one is not on the next.
            statement_cache_size=0,
            ssl=tls.context_for(url),
            timeout=CONNECT_TIMEOUT_S,
            command_timeout=_COMMAND_TIMEOUT_S,
        )
    except (*_PASSING, *_SET_UP_WRONGLY, ValueError) as error:
        raise translated(error) from error


def translated(error: Exception) -> Exception:
    """`error` of asyncpg as one of the service's own kinds."""
    text = f"PostgreSQL: {str(error) or type(error).__name__}"
    hint = getattr(error, "hint", None)
    if hint:
        text += f" ({hint})"
    if advice := tls.advice(error):
        return InvalidInput(f"the database's server: {advice} ({error})")
    if isinstance(error, _SET_UP_WRONGLY):
        return InvalidInput(f"{text}. Look at STREAM_APP_DATABASE_URL and at the rights of its user")
    if isinstance(error, _PASSING):
        return Retryable(text)
    if isinstance(error, ValueError):
        return InvalidInput(f"STREAM_APP_DATABASE_URL: {error}; wanted postgresql://user:password@host:port/name")
    return Fatal(text)


@asynccontextmanager
async def own_errors() -> AsyncIterator[None]:
    """Turns asyncpg's errors into the service's own kinds."""
    try:
        yield
    except (asyncpg.PostgresError, *_PASSING) as error:
        raise translated(error) from error


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection for the length of a block; errors are those of `connect`, and Fatal for what is none of them."""
    connection = await connect(url)
    try:
        async with own_errors():
            yield connection
    finally:
        await connection.close(timeout=CONNECT_TIMEOUT_S)


async def bring_up_to_date(url: str) -> list[Migration]:
    """Apply the migrations that the database at `url` lacks; those. See `migrations.migrate`."""
    async with connected(url) as connection:
        return await migrate(connection)


async def missing_migrations(url: str) -> list[Migration]:
    """The migrations that the database at `url` lacks. See `migrations.lacking`."""
    async with connected(url) as connection:
        return await lacking(connection)


def shown(url: str) -> str:
    """`url` as it may be shown: without the password."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.username or ''}@{parts.hostname or ''}:{parts.port or 5432}{parts.path}"
