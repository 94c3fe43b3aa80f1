from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal

import asyncpg
import pytest

from stream_app.dev.postgres import Postgres
from stream_app.errors import Fatal, InvalidInput, Retryable
from stream_app.evaluation_log.database import bring_up_to_date, connected, shown
from stream_app.evaluation_log.postgres import PostgresLog
from stream_app.evaluation_log.row import COLUMNS, LogRow
from tests.evaluation_log.samples import (
    BASE_RATE,
    KICKOFF,
    PROBABILITIES,
    alert,
    batch,
    evaluation,
    places_of,
    prediction,
    refuse_nothing,
    row,
    rows,
)


@pytest.fixture
async def store(database: str) -> AsyncIterator[PostgresLog]:
    store = PostgresLog(database)
    await store.open()
    yield store
    await store.close()


@pytest.fixture
async def connection(store: PostgresLog, database: str) -> AsyncIterator[asyncpg.Connection]:
    async with connected(database) as connection:
        yield connection


async def append(store: PostgresLog, events: list[LogRow]) -> int:
    return await store.append(batch(events), refuse_nothing)


async def kept(connection: asyncpg.Connection) -> list[LogRow]:
    columns = ", ".join("metadata::text" if name == "metadata" else name for name in COLUMNS)
    found = await connection.fetch(f"select {columns} from evaluation_log order by kafka_topic, kafka_offset")  # noqa: S608  names of the program
    as_text = ("event_id", "prediction_id", "supersedes")
    return [
        LogRow._make(str(value) if name in as_text and value else value for name, value in record.items())
        for record in found
    ]


async def test_a_row_is_kept_as_it_is(store: PostgresLog, connection: asyncpg.Connection) -> None:
    of = prediction(revision=2)
    events = [row(alert(), 0), row(evaluation(of, "A", number=2, status="corrected"), 1), row(of, 2)]
    assert await append(store, events) == 3
    for event, found in zip(events, await kept(connection), strict=True):
        assert found._replace(metadata="") == event._replace(metadata="")


async def test_an_event_that_comes_again_is_kept_once(store: PostgresLog, connection: asyncpg.Connection) -> None:
    assert await append(store, rows(3) + rows(3)) == 3
    again = [event._replace(kafka_offset=900 + number) for number, event in enumerate(rows(4))]
    assert await append(store, again) == 1
    assert await connection.fetchval("select count(*) from evaluation_log") == 4
    assert (await store.places())["predictions", 0].next_offset == 904


async def test_the_places_are_there_for_the_next_process(store: PostgresLog, database: str) -> None:
    assert await store.places() == {}
    await append(store, rows(3))
    other = PostgresLog(database)
    await other.open()
    assert await other.places() == places_of(rows(3))
    await other.close()


async def test_a_place_can_go_back_when_a_topic_was_made_anew(store: PostgresLog) -> None:
    await append(store, rows(9))
    await append(store, rows(2))
    assert (await store.places())["predictions", 0].next_offset == 2


async def test_rows_and_places_are_written_together_or_not_at_all(
    store: PostgresLog, connection: asyncpg.Connection
) -> None:
    await connection.execute("alter table evaluation_log_places rename to gone")
    with pytest.raises(Fatal, match="evaluation_log_places"):
        await append(store, rows(1))
    assert await connection.fetchval("select count(*) from evaluation_log") == 0


async def test_what_the_database_refuses_is_told_with_the_reason_and_the_rest_is_kept(
    store: PostgresLog, connection: asyncpg.Connection
) -> None:
    await connection.execute("alter table evaluation_log add constraint no_seven check (match_id <> 'bundesliga-7')")
    refused: list[tuple[str | None, str]] = []

    async def refuse(row: LogRow, reason: str) -> None:
        assert await connection.fetchval("select count(*) from evaluation_log_places") == 0
        refused.append((row.match_id, reason))

    assert await store.append(batch(rows(10)), refuse) == 9
    assert len(refused) == 1
    assert refused[0][0] == "bundesliga-7"
    assert "no_seven" in refused[0][1]
    assert (await store.places())["predictions", 0].next_offset == 10


async def test_a_server_that_is_down_is_away_and_back_when_it_is_up(own_postgres: Postgres) -> None:
    store = PostgresLog(own_postgres.url)
    await store.open()
    await append(store, rows(2))
    own_postgres.stop()
    with pytest.raises(Retryable, match="PostgreSQL"):
        await append(store, rows(4))
    with pytest.raises(Retryable, match="PostgreSQL"):
        await store.places()
    own_postgres.start()
    await store.open()
    assert await append(store, rows(4)) == 2
    await store.close()


async def test_a_connection_that_is_cut_is_made_again(store: PostgresLog, connection: asyncpg.Connection) -> None:
    for count in range(1, 11):
        await append(store, rows(count))
        await connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where datname = current_database() and pid <> pg_backend_pid()"
        )
        with pytest.raises(Retryable):
            await append(store, rows(count + 1))
        await store.open()
        await append(store, rows(count + 1))
    assert await connection.fetchval("select count(*) from evaluation_log") == 11


async def test_a_deadlock_is_trouble_that_passes(store: PostgresLog, connection: asyncpg.Connection) -> None:
    await connection.execute("set deadlock_timeout = '10s'")
    await append(store, rows(1))
    async with connection.transaction():
        await connection.execute("lock table evaluation_log_places in access exclusive mode")
        adding = asyncio.create_task(append(store, rows(2)))
        while not await connection.fetchval("select exists (select 1 from pg_locks where not granted)"):  # noqa: ASYNC110  the server has no event for it
            await asyncio.sleep(0.01)
        # The store holds its rows and waits for the places; now this side wants the rows.
        await connection.execute("lock table evaluation_log in access exclusive mode")
        with pytest.raises(Retryable, match="deadlock"):
            await adding
    await store.open()
    assert await append(store, rows(2)) == 1


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (("@", ":wrong@"), "password authentication failed"),
        (("/test_", "/no_such_"), "does not exist"),
        (("postgresql://", "mysql://"), "STREAM_APP_DATABASE_URL"),
    ],
)
async def test_a_wrong_address_is_the_users_mistake(database: str, change: tuple[str, str], reason: str) -> None:
    user, at, rest = database.partition("@")
    url = f"{user.rpartition(':')[0]}{change[1]}{rest}" if change[0] == "@" else (user + at + rest).replace(*change)
    with pytest.raises(InvalidInput, match=reason):
        await PostgresLog(url).open()


def test_an_address_is_shown_without_its_password() -> None:
    assert shown("postgresql://me:secret@db.example.com:6543/postgres?sslmode=require") == (
        "postgresql://me@db.example.com:6543/postgres"
    )


async def test_a_strangers_role_sees_nothing_and_the_reader_sees_everything(
    store: PostgresLog, connection: asyncpg.Connection
) -> None:
    await append(store, rows(2))
    stranger = "stranger_" + (await connection.fetchval("select current_database()"))
    await connection.execute(f"create role {stranger}")
    # As Supabase does for the roles of its web API.
    await connection.execute(f"grant all on all tables in schema public to {stranger}")
    try:
        for role, visible in ((stranger, 0), ("evaluation_reader", 2)):
            async with connection.transaction():
                await connection.execute(f"set local role {role}")
                assert await connection.fetchval("select count(*) from evaluation_log") == visible
                assert (
                    await connection.fetchval("select count(distinct prediction_id) from open_predictions") == visible
                )
        async with connection.transaction():
            await connection.execute("set local role evaluation_reader")
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                async with connection.transaction():
                    await connection.execute("delete from evaluation_log")
        async with connection.transaction():
            await connection.execute(f"set local role {stranger}")
            with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
                await connection.execute(
                    "insert into evaluation_log (event_id, event_type, event_time, content_hash, recorded_at, metadata)"
                    " values (gen_random_uuid(), 'alert', now(), '', now(), '{}')"
                )
    finally:
        await connection.execute(f"drop owned by {stranger}")
        await connection.execute(f"drop role {stranger}")


async def test_a_user_who_may_not_make_the_role_is_told_what_to_do(database: str) -> None:
    await bring_up_to_date(database)
    async with connected(database) as connection:
        name = await connection.fetchval("select current_database()")
        await connection.execute(f"create role weak_{name} login password 'weak'")
        try:
            _, at, rest = database.partition("@")
            weak = f"postgresql://weak_{name}:weak{at}{rest}"
            with pytest.raises(InvalidInput, match=r"permission denied.*rights of its user"):
                await bring_up_to_date(weak)
        finally:
            await connection.execute(f"drop role weak_{name}")


async def intact(connection: asyncpg.Connection) -> list[str]:
    rows = await connection.fetch(
        "select match_id from evaluation_log e where seal = evaluation_log_seal(e) order by kafka_offset"
    )
    return [row["match_id"] for row in rows]


@pytest.mark.parametrize("time_zone", ["UTC", "Asia/Kolkata"])
async def test_every_row_fits_its_seal_whatever_the_session(
    store: PostgresLog, connection: asyncpg.Connection, time_zone: str
) -> None:
    await append(store, rows(3))
    await connection.execute(f"set time zone '{time_zone}'; set datestyle = 'German'; set extra_float_digits = 0")
    assert await intact(connection) == ["bundesliga-0", "bundesliga-1", "bundesliga-2"]


@pytest.mark.parametrize(
    "change",
    [
        "p_home = p_home + 1e-16",
        "competition = null",
        "event_time = event_time + interval '1 microsecond'",
        "outcome = 'D'",
        "content_hash = ''",
        "kafka_offset = 7",
        """metadata = jsonb_set(metadata, '{models, 1, probabilities, H}', '0.46')""",
    ],
)
async def test_a_row_that_somebody_changed_no_longer_fits_its_seal(
    store: PostgresLog, connection: asyncpg.Connection, change: str
) -> None:
    await append(store, rows(2))
    await connection.execute(f"update evaluation_log set {change} where match_id = 'bundesliga-1'")  # noqa: S608  the test's own
    assert await intact(connection) == ["bundesliga-0"]


async def test_accuracy_counts_each_match_once_whatever_was_corrected(
    store: PostgresLog, connection: asyncpg.Connection
) -> None:
    right, wrong, void = prediction(1), prediction(2), prediction(3)
    events = [
        row(evaluation(right, "H"), 0),
        row(evaluation(wrong, "H"), 1),
        row(evaluation(wrong, "A", number=2, status="corrected"), 2),
        row(evaluation(void, "H"), 3),
        row(evaluation(void, None, number=2, status="void"), 4),
    ]
    await append(store, events)
    found = await connection.fetch("select * from accuracy_by_model order by model")
    assert [(line["model"], line["version"], line["matches"], line["accuracy"]) for line in found] == [
        ("base_rate", 1, 2, Decimal("0.5")),
        ("elo_softmax", 3, 2, Decimal("0.5")),
    ]
    assert [(line["log_loss"], line["rps"], line["brier"]) for line in found] == [(1.5, 0.25, 0.5)] * 2


async def test_calibration_tells_how_often_what_was_promised_happened(
    store: PostgresLog, connection: asyncpg.Connection
) -> None:
    await append(store, [row(evaluation(prediction(match), "H" if match else "D"), match) for match in range(4)])
    found = await connection.fetch("select * from calibration where model = 'elo_softmax' order by bin")
    assert [(line["bin"], line["forecasts"], line["promised"], line["happened"]) for line in found] == [
        (2, 4, PROBABILITIES.A, 0),
        (3, 4, pytest.approx(PROBABILITIES.D), Decimal("0.25")),
        (5, 4, PROBABILITIES.H, Decimal("0.75")),
    ]


async def test_open_predictions_are_the_last_revisions_that_wait_for_a_result(
    store: PostgresLog, connection: asyncpg.Connection
) -> None:
    await append(store, [row(prediction(1, revision), revision) for revision in (1, 2)])
    await append(store, [row(prediction(2), 3), row(evaluation(prediction(2)), 0)])
    found = await connection.fetch("select * from open_predictions order by alias desc")
    assert [(line["match_id"], str(line["prediction_id"])) for line in found] == [
        ("bundesliga-1", prediction(1, 2).prediction_id)
    ] * 2
    champion, challenger = found
    assert (champion["model"], champion["p_home"], champion["outcome"]) == ("elo_softmax", PROBABILITIES.H, "H")
    assert (challenger["model"], challenger["p_away"]) == ("base_rate", BASE_RATE.A)
    assert (champion["kickoff"], champion["home"], champion["away"]) == (KICKOFF, "München", "Köln")
