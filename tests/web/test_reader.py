"""The reader on a real broker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiokafka import TopicPartition

from stream_app.contracts import encode
from stream_app.dev.kafka import Kafka
from stream_app.errors import Retryable
from stream_app.topics import DEAD_LETTERS, PREDICTIONS
from stream_app.web import reader as reader_module
from stream_app.web.health import PartitionPlace
from stream_app.web.reader import Reader
from stream_app.web.view import View
from tests.support import topics
from tests.support.waiting import until
from tests.web.made import TOPIC_OF, Shown, alert, board, evaluation, prediction


@pytest.fixture(autouse=True)
def _quick_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader_module, "LOOK_S", 0.1)
    monkeypatch.setattr(reader_module, "RETRY_S", 0.1)


@asynccontextmanager
async def reading(bootstrap: str) -> AsyncIterator[tuple[Reader, View, list[str]]]:
    view = View(window=100)
    changes: list[str] = []
    reader = Reader(bootstrap, view, changes.append)
    task = asyncio.create_task(reader.run())
    try:
        yield reader, view, changes
    finally:
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def send(bootstrap: str, *events: Shown) -> None:
    await topics.produce(
        bootstrap, [(TOPIC_OF[type(event)], event.competition.encode(), encode(event)) for event in events]
    )


async def test_everything_from_the_beginning_and_then_what_comes(clean_kafka: str) -> None:
    await topics.create_all(clean_kafka)
    await send(clean_kafka, *(prediction(f"m{number}", competition=f"c{number % 7}") for number in range(700)))
    await send(clean_kafka, evaluation(), alert(), board())
    await topics.produce(clean_kafka, [(DEAD_LETTERS, None, b"not JSON"), (PREDICTIONS, b"x", b"not JSON")])
    async with reading(clean_kafka) as (reader, view, changes):
        await until(lambda: reader.health.phase == "live", "everything is read")
        counts = view.counts
        assert (counts.predictions, counts.evaluations, counts.alerts, counts.scoreboards) == (700, 1, 1, 1)
        assert (counts.dead_letters, counts.unreadable) == (1, 1)
        assert (reader.health.behind, reader.health.percent_read) == (0, 100)
        assert {f"c{number}" for number in range(7)} | {"bundesliga", ""} == set(changes)
        changes.clear()
        await send(clean_kafka, prediction("new"))
        await until(lambda: view.counts.predictions == 701, "the new message is there")
        assert "bundesliga" in changes


async def test_topics_that_are_not_there_yet_are_waited_for(clean_kafka: str) -> None:
    async with reading(clean_kafka) as (reader, view, _):
        await until(lambda: "stream-app topics create" in reader.health.detail, "it says what to do")
        assert reader.health.phase == "connecting"
        await topics.create_all(clean_kafka)
        await send(clean_kafka, prediction())
        await until(lambda: view.counts.predictions == 1, "it reads")
        await until(lambda: (reader.health.phase, reader.health.detail) == ("live", ""), "it is live")


async def test_topics_that_were_made_anew_begin_a_new_view(clean_kafka: str) -> None:
    await topics.create_all(clean_kafka)
    await send(clean_kafka, *(prediction(f"old{number}") for number in range(50)))
    async with reading(clean_kafka) as (reader, view, _):
        await until(lambda: reader.health.phase == "live", "it is live")
        await topics.delete_all(clean_kafka)
        await until(lambda: reader.health.phase != "live", "it notices")
        await topics.create_all(clean_kafka)
        await send(clean_kafka, prediction("new"))
        await until(lambda: reader.health.phase == "live" and view.counts.predictions == 1, "it began anew")
        (competition,) = view.competitions
        assert [match.match_id for match in competition.open_matches()] == ["new"]


async def test_a_broker_that_nobody_hears_of_is_waited_for() -> None:
    async with reading("127.0.0.1:9") as (reader, _, _):
        await until(lambda: "does not answer" in reader.health.detail, "it says so")
        assert reader.health.phase == "connecting"


@pytest.mark.slow
async def test_a_broker_that_goes_away_makes_the_view_stale_until_it_is_back(own_broker: Kafka) -> None:
    await topics.create_all(own_broker.bootstrap)
    await send(own_broker.bootstrap, *(prediction(f"m{number}") for number in range(20)))
    async with reading(own_broker.bootstrap) as (reader, view, _):
        await until(lambda: reader.health.phase == "live", "it is live")
        await asyncio.to_thread(own_broker.stop)
        await until(lambda: reader.health.phase == "stale", "it is stale")
        since = reader.health.since
        assert view.counts.predictions == 20
        # Children end with the thread that started them, so the broker is started from this one.
        own_broker.start()
        await send(own_broker.bootstrap, prediction("after"))
        await until(lambda: view.counts.predictions == 21, "it goes on where it was")
        await until(lambda: reader.health.phase == "live", "it is live again")
        assert reader.health.since > since
        assert view.counts.repeated == 0


async def test_what_is_read_while_the_brokers_tell_the_ends_is_no_sign_of_topics_made_anew() -> None:
    tp = TopicPartition(PREDICTIONS, 0)
    view = View(window=100)
    reader = Reader("nowhere:9092", view, lambda _: None)

    class Slow:
        async def beginning_offsets(self, partitions: list[TopicPartition]) -> dict[TopicPartition, int]:
            return dict.fromkeys(partitions, 0)

        async def end_offsets(self, partitions: list[TopicPartition]) -> dict[TopicPartition, int]:
            if tp in reader._places:
                reader._move(tp, 7)
            return dict.fromkeys(partitions, 5)

    for _ in range(2):
        await reader._look(Slow(), [tp])

    assert reader.health.places[0].position == 7


async def test_what_comes_while_topics_are_found_to_be_made_anew_is_left_for_the_new_view() -> None:
    tp = TopicPartition(PREDICTIONS, 0)
    view = View(window=100)
    reader = Reader("nowhere:9092", view, lambda _: None)
    reader._places[tp] = PartitionPlace(PREDICTIONS, 0, 0, 50, 50)
    asked = asyncio.Event()

    class MadeAnew:
        async def beginning_offsets(self, partitions: list[TopicPartition]) -> dict[TopicPartition, int]:
            return dict.fromkeys(partitions, 0)

        async def end_offsets(self, partitions: list[TopicPartition]) -> dict[TopicPartition, int]:
            asked.set()
            return dict.fromkeys(partitions, 1)

        async def getmany(self, **_: int) -> dict[TopicPartition, list[object]]:
            await asked.wait()
            await asyncio.sleep(0.05)
            return {tp: [object()]}

    with pytest.raises(Retryable, match="deleted and made anew"):
        await reader._read_while_answered(MadeAnew(), [tp])
    assert view.counts.predictions == 0
