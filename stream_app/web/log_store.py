"""The evaluation log in PostgreSQL, as the live view reads it: what is older than its own memory, and searches."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from stream_app.errors import InvalidInput, Retryable

CONNECTIONS = 4
"""Most connections at a time: a search that is slow must not take the database from the sink."""

ANSWER_S = 10.0
"""Seconds after which a search is given up."""

MESSAGES_OF_A_MATCH = 200

_COLUMNS = """
    event_id::text, event_type, event_time, competition, match_id, model_id, model_version, prediction_id::text, status,
    metadata ->> 'home' as home, metadata ->> 'away' as away,
    outcome, confidence, p_home, p_draw, p_away, actual, hit, log_loss, rps, brier
"""

# The planner knows the values, so conditions that are not asked for cost nothing.
_SEARCH = f"""
select {_COLUMNS}
from evaluation_log as log
where ($1::text is null or competition = $1)
    and ($2::text is null or event_type = $2)
    and ($3::text is null or model_id = $3)
    and ($4::text is null or match_id = $4)
    and ($5::uuid is null or event_id = $5 or prediction_id = $5)
    and ($6::timestamptz is null or event_time >= $6)
    and ($7::timestamptz is null or event_time < $7)
    and ($8::timestamptz is null or (event_time, event_id) < ($8, $9::uuid))
order by event_time desc, log.event_id desc
limit $10
"""  # noqa: S608  names of this program

_MATCH = """
select event_type, metadata
from evaluation_log
where match_id = $1 and competition = $2 and event_type in ('prediction', 'evaluation', 'correction')
order by event_time, kafka_partition, kafka_offset
limit $3
"""


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One row of the evaluation log: an event, and what its champion said and how it fared where it has one.

    `confidence` and the probabilities are those of the champion; `log_loss` is in nats.
    """

    event_id: str
    event_type: str
    event_time: datetime
    competition: str | None
    match_id: str | None
    model_id: str | None
    model_version: int | None
    prediction_id: str | None
    status: str | None
    home: str | None
    away: str | None
    outcome: str | None
    confidence: float | None
    p_home: float | None
    p_draw: float | None
    p_away: float | None
    actual: str | None
    hit: bool | None
    log_loss: float | None
    rps: float | None
    brier: float | None

    @property
    def cursor(self) -> str:
        """The place of this entry in a search, from which to go on."""
        return f"{self.event_time.isoformat()},{self.event_id}"


@dataclass(frozen=True, slots=True)
class Search:
    """What to look for; None takes everything.

    `identity` is the id of an event or of the prediction that an event is about. `before` is the cursor of the last
    entry that is known already: entries come from the newest to the oldest.
    """

    competition: str | None = None
    event_type: str | None = None
    model: str | None = None
    match: str | None = None
    identity: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    before: str | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a match as it was published: `prediction`, `evaluation` or `correction`, and its JSON."""

    event_type: str
    payload: str


class LogStore:
    """Read access to the log at `url`. Connects when it is first asked, and again after the database was away."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._pool: asyncpg.Pool | None = None
        self._opening = asyncio.Lock()

    async def search(self, search: Search, limit: int) -> list[LogEntry]:
        """The newest `limit` entries that `search` asks for.

        Raises
        ------
        InvalidInput
            `identity` is no UUID or `before` no cursor.
        Retryable
            The database does not answer, or has no log yet.
        """
        before = _parse_cursor(search.before)
        values = (
            search.competition,
            search.event_type,
            search.model,
            search.match,
            _parse_id(search.identity),
            search.since,
            search.until,
            *before,
            limit,
        )
        async with self._connection() as connection:
            return [LogEntry(**row) for row in await connection.fetch(_SEARCH, *values)]

    async def match(self, competition: str, match_id: str) -> list[Message]:
        """What was published of a match, oldest first; nothing when the log has nothing. Raises Retryable."""
        async with self._connection() as connection:
            rows = await connection.fetch(_MATCH, match_id, competition, MESSAGES_OF_A_MATCH)
        return [Message(row["event_type"], row["metadata"]) for row in rows]

    def close(self) -> None:
        """Let the connections go."""
        if self._pool is not None:
            self._pool.terminate()

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[asyncpg.Connection]:
        try:
            async with self._opening:
                if self._pool is None:
                    # A pooler in between gives each transaction another server connection, so nothing is prepared.
                    self._pool = await asyncpg.create_pool(
                        self._url,
                        min_size=0,
                        max_size=CONNECTIONS,
                        statement_cache_size=0,
                        timeout=ANSWER_S,
                        command_timeout=ANSWER_S,
                    )
            async with self._pool.acquire(timeout=ANSWER_S) as connection, connection.transaction(readonly=True):
                yield connection
        except asyncpg.UndefinedTableError as error:
            raise Retryable("the database has no evaluation log yet: run `stream-app db migrate`") from error
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError) as error:
            raise Retryable(f"the database does not answer: {str(error) or type(error).__name__}") from error


def _parse_id(text: str | None) -> uuid.UUID | None:
    if text is None:
        return None
    try:
        return uuid.UUID(text)
    except ValueError:
        raise InvalidInput(f"id {text!r}: wanted a UUID such as 783a3714-4908-5c5b-8920-8038488ac18f") from None


def _parse_cursor(text: str | None) -> tuple[datetime | None, uuid.UUID | None]:
    if text is None:
        return None, None
    at, _, identity = text.partition(",")
    try:
        moment, event = datetime.fromisoformat(at), uuid.UUID(identity)
    except ValueError:
        raise InvalidInput(f"before {text!r}: wanted the cursor that an earlier answer gave") from None
    if moment.tzinfo is None:
        raise InvalidInput(f"before {text!r}: wanted the cursor that an earlier answer gave")
    return moment, event
