from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest
from aiokafka.admin import AIOKafkaAdminClient
from prometheus_client import REGISTRY

from stream_app.contracts import encode
from stream_app.dev.postgres import Postgres
from stream_app.errors import Fatal, InvalidInput, Retryable
from stream_app.evaluation_log import sink
from stream_app.evaluation_log.csv_log import CsvLog
from stream_app.evaluation_log.postgres import PostgresLog
from stream_app.evaluation_log.store import Batch, Place, Refuse, Store, TopicPartition
from stream_app.monitoring import Readiness
from stream_app.topics import DEAD_LETTERS, PREDICTIONS
from tests.evaluation_log.broker import delete_topics, make_topics_anew
from tests.evaluation_log.samples import alert, model_event, prediction
from tests.evaluation_log.sent import Event, has, ids, in_csv, in_database, matches, messages
from tests.support import topics
from tests.support.waiting import until


def up(store: str) -> bool:
    return REGISTRY.get_sample_value("stream_app_log_store_up", {"store": store}) == 1


@asynccontextmanager
async def running(bootstrap: str, *stores: Store, readiness: Readiness | None = None) -> AsyncIterator[None]:
    """A sink in this process for the length of the block, which ends when the sink does."""
    stopped = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(sink.run(bootstrap, "test", stores, stopped, readiness or Readiness()))
        yield
        stopped.set()


async def test_every_event_reaches_both_stores(bootstrap: str, database: str, tmp_path: Path) -> None:
    events = [*matches(50), alert(), model_event(), model_event("frozen", 2, model=None)]
    await topics.produce(bootstrap, messages(events))
    async with running(bootstrap, CsvLog(tmp_path), PostgresLog(database)):
        await until(lambda: len(in_csv(tmp_path)) == len(events), "the file has them")
        more = matches(3, start=50)
        await topics.produce(bootstrap, messages(more))

        async def arrived() -> bool:
            return len(await in_database(database)) == len(events + more)

        await until(arrived, "the database has them")
        await until(lambda: len(in_csv(tmp_path)) == len(events + more), "the file has them")
    assert in_csv(tmp_path) == await in_database(database) == ids(events + more)


async def test_events_that_a_worker_sent_again_are_kept_once(bootstrap: str, database: str, tmp_path: Path) -> None:
    events = matches(30)
    await topics.produce(bootstrap, messages(events[:40]))
    await topics.produce(bootstrap, messages(events[20:]))
    await topics.produce(bootstrap, messages(events))
    last = alert()
    await topics.produce(bootstrap, messages([last]))
    async with running(bootstrap, CsvLog(tmp_path), PostgresLog(database)):
        await until(lambda: len(in_csv(tmp_path)) >= len(events) + 1, "the file has them")

        async def arrived() -> bool:
            return len(await in_database(database)) >= len(events) + 1

        await until(arrived, "the database has them")
    assert in_csv(tmp_path) == await in_database(database) == ids([*events, last])


async def test_the_lag_of_each_store_shows_in_kafka(bootstrap: str, tmp_path: Path) -> None:
    await topics.produce(bootstrap, messages(matches(10)))
    async with running(bootstrap, CsvLog(tmp_path)):
        await until(lambda: len(in_csv(tmp_path)) == 20, "the file has them")
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    committed = await admin.list_consumer_group_offsets("test-sink-csv")
    await admin.close()
    assert sum(place.offset for place in committed.values()) == 20


NO_EVENTS: list[tuple[bytes | None, bytes | None]] = [
    (b"bundesliga", b"{"),
    (b"bundesliga", None),
    (None, b"null"),
    (b"bundesliga", b'{"prediction_id": "7"}'),
    (b"\x00", encode(prediction(home="a\x00b"))),
]


async def test_what_is_no_event_goes_to_the_dead_letters_once_and_holds_nobody_up(
    bootstrap: str, database: str, tmp_path: Path
) -> None:
    good = matches(5)
    await topics.produce(bootstrap, messages(good[:4]))
    await topics.produce(bootstrap, [(PREDICTIONS, key, value) for key, value in NO_EVENTS])
    await topics.produce(bootstrap, messages(good[4:]))
    async with running(bootstrap, CsvLog(tmp_path), PostgresLog(database)):
        await until(lambda: len(in_csv(tmp_path)) == len(good), "the file has the good ones")

        async def arrived() -> bool:
            return len(await in_database(database)) == len(good)

        await until(arrived, "the database has the good ones")
    letters = await topics.read_all(bootstrap, DEAD_LETTERS)
    assert sorted((letter.key or b"", letter.value or b"") for letter in letters) == sorted(
        (key or b"", value or b"") for key, value in NO_EVENTS
    )
    sources = {
        (record.partition, record.offset): record.value for record in await topics.read_all(bootstrap, PREDICTIONS)
    }
    for letter in letters:
        headers = {name: value.decode() for name, value in letter.headers}
        assert set(headers) == {"id", "topic", "partition", "offset", "error"}
        assert headers["topic"] == PREDICTIONS
        assert sources[int(headers["partition"]), int(headers["offset"])] == letter.value


async def test_a_row_that_the_database_refuses_goes_to_the_dead_letters(
    bootstrap: str, database: str, tmp_path: Path
) -> None:
    store = PostgresLog(database)
    await store.open()
    connection = await asyncpg.connect(database)
    await connection.execute("alter table evaluation_log add constraint no_four check (match_id <> 'serie-a-4')")
    await connection.close()
    events = matches(6)
    await topics.produce(bootstrap, messages(events))
    async with running(bootstrap, CsvLog(tmp_path), store):

        async def arrived() -> bool:
            return len(await in_database(database)) == 10

        await until(arrived, "the database has the rest")
        await until(lambda: len(in_csv(tmp_path)) == 12, "the file has all")
    letters = await topics.read_all(bootstrap, DEAD_LETTERS)
    assert sorted(letter.value or b"" for letter in letters) == sorted(map(encode, events[8:10]))
    assert all("no_four" in dict(letter.headers)["error"].decode() for letter in letters)


async def test_a_database_that_is_down_is_waited_for_and_the_file_goes_on(
    bootstrap: str, own_postgres: Postgres, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    url = own_postgres.url
    own_postgres.stop()
    events = matches(20)
    readiness = Readiness()
    async with running(bootstrap, CsvLog(tmp_path), PostgresLog(url), readiness=readiness):
        await topics.produce(bootstrap, messages(events[:10]))
        await until(lambda: len(in_csv(tmp_path)) == 10, "the file has the first ones")
        assert "postgres: " in (readiness.why_not() or "")
        assert not up("postgres")
        own_postgres.start()

        async def arrived(count: int) -> bool:
            return len(await in_database(url)) == count

        await until(lambda: arrived(10), "the database has the first ones")
        assert readiness.why_not() is None
        assert up("postgres")
        own_postgres.stop()
        await topics.produce(bootstrap, messages(events[10:]))
        await until(lambda: len(in_csv(tmp_path)) == 40, "the file has all")
        await until(lambda: caplog.text.count("the store is away") == 2, "it is told that the database is away")
        # Long enough for several tries, none of which is told.
        await asyncio.sleep(4 * sink.FIRST_WAIT_S)
        own_postgres.start()
        await until(lambda: arrived(40), "the database has all")
    assert caplog.text.count("the store is away") == caplog.text.count("the store is back") == 2
    assert in_csv(tmp_path) == await in_database(url) == ids(events)


async def test_a_database_that_comes_back_without_its_last_commits_gets_them_again(
    bootstrap: str, database: str, tmp_path: Path
) -> None:
    events = matches(20)
    await topics.produce(bootstrap, messages(events))
    connection = await asyncpg.connect(database)
    async with running(bootstrap, CsvLog(tmp_path), PostgresLog(database)):

        async def arrived() -> bool:
            return len(await in_database(database)) == len(events)

        await until(arrived, "the database has them")
        # What a crash does to a database that confirms before its disk has it, or that a standby takes over for.
        async with connection.transaction():
            await connection.execute("delete from evaluation_log where kafka_offset >= 2")
            await connection.execute(
                "update evaluation_log_places as place set next_offset = 2, last_offset = 1, last_id = event_id"
                " from evaluation_log where kafka_topic = topic and kafka_partition = partition and kafka_offset = 1"
            )
            await connection.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where datname = current_database() and pid <> pg_backend_pid()"
            )
        more = matches(5, start=20)
        await topics.produce(bootstrap, messages(more))

        async def arrived_again() -> bool:
            return len(await in_database(database)) == len(events + more)

        await until(arrived_again, "the database has them again")
    await connection.close()
    assert in_csv(tmp_path) == await in_database(database) == ids(events + more)


async def test_a_sink_that_waits_for_its_database_ends_at_once_when_it_is_asked_to(
    bootstrap: str, own_postgres: Postgres, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    url = own_postgres.url
    own_postgres.stop()
    async with running(bootstrap, CsvLog(tmp_path), PostgresLog(url)):
        await until(lambda: "the store is away" in caplog.text, "it waits")
    assert "stopped, while the store was away" in caplog.text


async def test_topics_that_were_made_anew_are_read_from_their_beginning(
    bootstrap: str, database: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = matches(40), [*matches(2), *matches(10, start=100)]

    async def filled(events: Sequence[Event], total: int) -> None:
        await topics.produce(bootstrap, messages(events))
        async with running(bootstrap, CsvLog(tmp_path), PostgresLog(database)):
            await until(has(tmp_path, total), "the file has them")

            async def arrived() -> bool:
                return len(await in_database(database)) == total

            await until(arrived, "the database has them")

    await filled(first, 80)
    await make_topics_anew(bootstrap)
    await filled(second, 100)
    assert "another topic than the one that was read before" in caplog.text
    assert in_csv(tmp_path) == await in_database(database) == ids([*first, *second[4:]])


async def test_a_topic_of_the_same_length_with_other_events_is_told_apart(
    bootstrap: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for number, events in enumerate((matches(10), matches(10, start=30), matches(20, start=60))):
        await make_topics_anew(bootstrap)
        await topics.produce(bootstrap, messages(events))
        async with running(bootstrap, CsvLog(tmp_path)):
            await until(has(tmp_path, (20, 40, 80)[number]), "the file has them")
    assert len(set(in_csv(tmp_path))) == 80
    assert caplog.text.count("another topic than the one that was read before") >= 2


async def test_topics_that_are_made_anew_under_a_running_sink_are_read_from_their_beginning(
    bootstrap: str, tmp_path: Path
) -> None:
    await topics.produce(bootstrap, messages(matches(30)))
    async with running(bootstrap, CsvLog(tmp_path)):
        await until(has(tmp_path, 60), "the file has them")
        await make_topics_anew(bootstrap)
        await topics.produce(bootstrap, messages(matches(5, start=100)))
        await until(has(tmp_path, 70), "the file has the new ones")


async def test_missing_topics_are_the_users_mistake(bootstrap: str, tmp_path: Path) -> None:
    await delete_topics(bootstrap)
    with pytest.raises(InvalidInput, match=r"no topic predictions, .*, model-events: make them with"):
        await sink.run(bootstrap, "test", [CsvLog(tmp_path)], asyncio.Event(), Readiness())


async def test_a_broker_that_does_not_answer_is_told(tmp_path: Path) -> None:
    with pytest.raises(Retryable, match=r"Kafka does not answer at 127\.0\.0\.1:9"):
        await sink.run("127.0.0.1:9", "test", [CsvLog(tmp_path)], asyncio.Event(), Readiness())


class Broken:
    """A store that fails for good at the first event."""

    name = "broken"

    async def open(self) -> None:
        pass

    async def places(self) -> dict[TopicPartition, Place]:
        return {}

    async def append(self, batch: Batch, refuse: Refuse) -> int:
        raise Fatal("the disk of /data is full")

    async def close(self) -> None:
        pass


async def test_a_store_that_cannot_go_on_ends_the_sink(bootstrap: str, tmp_path: Path) -> None:
    await topics.produce(bootstrap, messages(matches(1)))
    with pytest.raises(Fatal, match="the disk of /data is full"):
        await sink.run(bootstrap, "test", [CsvLog(tmp_path), Broken()], asyncio.Event(), Readiness())
