from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from stream_app.contracts import encode
from stream_app.errors import InvalidInput, Retryable
from stream_app.events import name_id
from stream_app.feeds.schedule import schedule
from stream_app.gateway import outbox as module
from stream_app.gateway.outbox import Busy, Conflict, Message, Outbox
from stream_app.message_headers import CLIENT, MESSAGE_ID
from stream_app.topics import FEATURES, INPUT_MAX_BYTES, PREDICTIONS, RESULTS
from tests.support import topics
from tests.support.matches import played

MESSAGES = [
    Message(name_id("test", number), "feed", FEATURES if b"as_of" in value else RESULTS, b"a", value)
    for number, value in enumerate(encode(event) for event in schedule(played("a", 20)))
]


async def test_every_message_is_written_once_however_often_it_is_asked_for(clean_kafka: str) -> None:
    await topics.create_all(clean_kafka)
    async with Outbox(clean_kafka) as outbox:
        first, together = await asyncio.gather(outbox.send(MESSAGES[:10]), outbox.send(MESSAGES[:20]))
        assert all(one.repeated != other.repeated for one, other in zip(first, together[:10], strict=True))
        assert [receipt.repeated for receipt in together[10:]] == [False] * 10
        with pytest.raises(Conflict):
            await outbox.send([MESSAGES[20], replace(MESSAGES[0], value=b"{}")])
        assert outbox.on_their_way == 0
    # Another gateway, on the same topics, knows what the first one has written.
    async with Outbox(clean_kafka) as outbox:
        again = await outbox.send(MESSAGES)
        with pytest.raises(Conflict):
            await outbox.send([replace(MESSAGES[0], value=b"{}")])
    assert [receipt.repeated for receipt in again] == [True] * 20 + [False] * 20
    assert [replace(receipt, repeated=True) for receipt in first] == again[:10]
    for topic in (FEATURES, RESULTS):
        records = await topics.read_all(clean_kafka, topic)
        assert [record.value for record in records] == [sent.value for sent in MESSAGES if sent.topic == topic]
        places = {receipt.id: (receipt.partition, receipt.offset) for receipt in again if receipt.topic == topic}
        assert places == {
            dict(record.headers)[MESSAGE_ID].decode(): (record.partition, record.offset) for record in records
        }
        assert {dict(record.headers)[CLIENT] for record in records} == {b"feed"}


async def test_whoever_gives_up_waiting_takes_nothing_away(clean_kafka: str) -> None:
    await topics.create_all(clean_kafka)
    async with Outbox(clean_kafka) as outbox:
        sending = asyncio.create_task(outbox.send(MESSAGES[:5]))
        await asyncio.sleep(0)
        sending.cancel()
        receipts = await outbox.send(MESSAGES[:5])
    assert len({receipt.id for receipt in receipts}) == 5
    records = [record for topic in (FEATURES, RESULTS) for record in await topics.read_all(clean_kafka, topic)]
    assert len(records) == 5


async def test_only_so_many_wait_for_the_brokers(clean_kafka: str, monkeypatch: pytest.MonkeyPatch) -> None:
    await topics.create_all(clean_kafka)
    monkeypatch.setattr(module, "MOST_ON_THEIR_WAY", 3)
    async with Outbox(clean_kafka) as outbox:
        with pytest.raises(Busy, match="0 messages wait for the brokers"):
            await outbox.send(MESSAGES[:4])
        assert len(await outbox.send(MESSAGES[:3])) == 3


async def test_after_a_message_that_the_brokers_refuse_the_next_ones_are_taken(clean_kafka: str) -> None:
    await topics.create_all(clean_kafka)
    too_large = replace(MESSAGES[0], id=name_id("test", "large"), value=b"x" * (INPUT_MAX_BYTES - 100))
    async with Outbox(clean_kafka) as outbox:
        with pytest.raises(Retryable, match="the brokers did not take message"):
            await outbox.send([replace(too_large, topic=PREDICTIONS)])
        first = await outbox.send(MESSAGES[:3])
        with pytest.raises(Retryable, match="the brokers did not take message"):
            await outbox.send([replace(too_large, topic=PREDICTIONS)])
    assert [receipt.repeated for receipt in first] == [False] * 3


async def test_old_ids_are_forgotten(clean_kafka: str, monkeypatch: pytest.MonkeyPatch) -> None:
    await topics.create_all(clean_kafka)
    monkeypatch.setattr(module, "REMEMBERED", 5)
    async with Outbox(clean_kafka) as outbox:
        await outbox.send(MESSAGES[:10])
        await outbox.send(MESSAGES[10:11])
        [newest, oldest] = await outbox.send([MESSAGES[10], MESSAGES[0]])
    assert (newest.repeated, oldest.repeated) == (True, False)


async def test_without_its_topics_it_does_not_start(clean_kafka: str) -> None:
    with pytest.raises(InvalidInput, match=r"has no topic match-features, match-results: make them with"):
        async with Outbox(clean_kafka):
            pytest.fail("there is nowhere to send to")
