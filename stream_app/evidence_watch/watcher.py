"""The process that watches the evidence of all competitions."""

from __future__ import annotations

import asyncio
import logging
from functools import cache

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError

from stream_app import brokers, metrics, topic_admin
from stream_app.brokers import Where
from stream_app.contracts import encode
from stream_app.evidence_watch.reading import evaluation_of
from stream_app.lag import unread
from stream_app.lifecycle.pooling import Pool
from stream_app.monitoring import Readiness
from stream_app.settings import Settings
from stream_app.topic_reader import read_to_end
from stream_app.topics import EVALUATIONS, MODEL_COMMANDS

log = logging.getLogger(__name__)

POLL_MS = 500
"""Milliseconds that one look for new evaluations takes at most, and so the time in which a stop is noticed."""

BATCH_RECORDS = 5_000


async def gather(bootstrap: Where, settings: Settings) -> Pool:
    """The evidence of everything that the evaluations hold now. Raises like `read_to_end`."""
    pool = Pool(cache(settings.league_config))
    async for record in read_to_end(bootstrap, [EVALUATIONS]):
        evaluation = evaluation_of(record.value, f"{record.topic}[{record.partition}] offset {record.offset}")
        if evaluation is not None:
            pool.hear(evaluation)
    return pool


async def watch(bootstrap: Where, settings: Settings, stopped: asyncio.Event, readiness: Readiness) -> None:
    """Propose what is proven, until `stopped` is set. `readiness` is told when everything that was there is read.

    Nothing is proposed before everything that was there at the start has been read: what was once proven and is so no
    longer must not be told as news. A proposal has an id that follows from what it proposes, so one that is sent again
    after a crash is the same one.

    Raises
    ------
    InvalidInput
        There are no topics.
    Retryable
        Kafka does not answer; the next start begins anew.
    """
    readiness.wants("evidence", "not read to its end yet")
    await topic_admin.require(bootstrap, (MODEL_COMMANDS,))
    partitions = await topic_admin.partitions_of(bootstrap, (EVALUATIONS,))
    consumer = brokers.consumer(
        bootstrap,
        group_id=f"{settings.group}-evidence",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
    )
    producer = brokers.producer(bootstrap)
    try:
        await consumer.start()
        await producer.start()
        consumer.assign(partitions)
        await consumer.seek_to_beginning(*partitions)
        await _follow(consumer, producer, partitions, Pool(cache(settings.league_config)), stopped, readiness)
    except KafkaError as error:
        raise brokers.trouble(bootstrap, error) from error
    finally:
        await producer.stop()
        await consumer.stop()


async def _follow(
    consumer: AIOKafkaConsumer,
    producer: AIOKafkaProducer,
    partitions: list[TopicPartition],
    pool: Pool,
    stopped: asyncio.Event,
    readiness: Readiness,
) -> None:
    beginnings, ends = await consumer.beginning_offsets(partitions), await consumer.end_offsets(partitions)
    places = dict(beginnings)
    metrics.LAG.ask("evidence", lambda: metrics.by_partition("evidence", unread(consumer, places)))
    counted = metrics.MESSAGES_READ.labels("evidence", EVALUATIONS)
    ahead = {partition: ends[partition] for partition in partitions if ends[partition] > beginnings[partition]}
    while not stopped.is_set():
        fetched = await consumer.getmany(timeout_ms=POLL_MS, max_records=BATCH_RECORDS)
        for partition, records in fetched.items():
            for record in records:
                place = f"{record.topic}[{record.partition}] offset {record.offset}"
                evaluation = evaluation_of(record.value, place)
                if evaluation is not None:
                    pool.hear(evaluation)
            counted.inc(len(records))
            places[partition] = records[-1].offset + 1
            if places[partition] >= ahead.get(partition, 0):
                ahead.pop(partition, None)
        if not ahead:
            readiness.has("evidence")
        if ahead or not fetched:
            continue
        for command in pool.proposals():
            await producer.send_and_wait(MODEL_COMMANDS, encode(command), key=command.competition.encode())
            metrics.PROPOSALS.inc()
            event = {"competition": command.competition, "event_id": command.command_id}
            log.info("proposed %s %s in %s", command.model, command.version, command.competition, extra=event)
        # Nothing is read from here again; Kafka's tools show by it how far behind this is.
        await consumer.commit()
