"""Asking the running service: what its workers have saved, and what they answer."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any

import orjson
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError

from stream_app import brokers, topic_admin
from stream_app.brokers import Where
from stream_app.contracts import encode, parse
from stream_app.durability.book import Book
from stream_app.durability.snapshot import SnapshotRefused, thaw, unpack
from stream_app.errors import InvalidInput, Retryable
from stream_app.events import Features
from stream_app.feeds.publisher import Publisher
from stream_app.league import League
from stream_app.topic_reader import read_to_end
from stream_app.topics import FEATURES, INPUT_MAX_BYTES, PREDICTIONS, SNAPSHOTS
from stream_app.workbench.leagues import as_league

FETCH_MS = 100


async def newest_league(bootstrap: Where, competition: str, key: bytes) -> League:
    """The league of `competition` as the workers have saved it last, a few seconds ago.

    Raises
    ------
    InvalidInput
        They have saved none, or one that this program cannot use.
    Retryable
        Kafka does not answer.
    """
    records: dict[bytes, bytes] = {}
    name = competition.encode()
    async for record in read_to_end(bootstrap, [SNAPSHOTS]):
        # Pieces of a large snapshot stand under keys of their own that begin with its name.
        if record.key and record.value and record.key.startswith(name):
            records[record.key] = record.value
    try:
        book = thaw(unpack(competition, records.get), key)
    except SnapshotRefused as refused:
        raise InvalidInput(
            f"--competition {competition!r}: Kafka has no snapshot that can be used: {refused}"
        ) from None
    return as_league(book.league if isinstance(book, Book) else None, competition, f"topic {SNAPSHOTS}")


async def ask_live(bootstrap: Where, features: Features, patience_s: float) -> dict[str, Any]:
    """Send `features` to the service and wait for its prediction of this match as of this time: the message.

    Raises
    ------
    InvalidInput
        The service would not take them.
    Retryable
        Kafka does not answer, or no prediction came within `patience_s` seconds.
    """
    # A worker would send them to the dead letters, where nobody waits for them.
    parse(FEATURES, features.competition.encode(), encode(features), max_bytes=INPUT_MAX_BYTES)
    partitions = await topic_admin.partitions_of(bootstrap, [PREDICTIONS])
    consumer = brokers.consumer(bootstrap, enable_auto_commit=False)
    try:
        try:
            await consumer.start()
        except KafkaError as error:
            raise brokers.trouble(bootstrap, error) from error
        consumer.assign(partitions)
        await consumer.seek_to_end(*partitions)
        for partition in partitions:
            await consumer.position(partition)
        async with Publisher(bootstrap) as publisher:
            await publisher.send(features)
        try:
            async with asyncio.timeout(patience_s):
                return await _answer(consumer, features)
        except TimeoutError:
            raise Retryable(
                f"no answer for match {features.match_id!r} within {patience_s:g} s: is a worker running?"
                " If one is, `stream-app dead-letters list` may say why"
            ) from None
    finally:
        await consumer.stop()


async def _answer(consumer: AIOKafkaConsumer, features: Features) -> dict[str, Any]:
    key = features.competition.encode()
    while True:
        for records in (await consumer.getmany(timeout_ms=FETCH_MS)).values():
            for record in records:
                if record.key == key:
                    said: dict[str, Any] = orjson.loads(record.value)
                    as_of = datetime.fromisoformat(said["as_of"])
                    if (said["match_id"], as_of) == (features.match_id, features.as_of):
                        return said
