"""Follows the output topics from their beginning and feeds the view.

It is in no consumer group: it assigns all partitions to itself and commits nothing, so any number of web processes can
run side by side without knowing of each other.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from stream_app import brokers, metrics, topic_admin
from stream_app.brokers import Where
from stream_app.errors import InvalidInput, Retryable
from stream_app.web.health import Health, PartitionPlace, Phase
from stream_app.web.view import TOPICS_VIEWED, View

log = logging.getLogger(__name__)

LOOK_S = 1.0
"""Seconds between two looks at the ends of the topics, which also tell whether Kafka still answers."""

ANSWER_S = 5.0
"""Seconds that one such look may take before Kafka counts as away."""

RETRY_S = 1.0
LET_GO_S = 0.1
GATHER_BYTES, GATHER_MS = 32_768, 100
"""The brokers answer when there is so much to read, or after so long: a fetch for each message would cost this process,
and the brokers, more than the messages do."""

POLL_MS = 200
# A batch of this size takes about ten milliseconds to apply; after it, the pages get their turn.
POLL_RECORDS = 500


class Reader:
    """Reads what is published into a `View`, for as long as it runs, whatever happens to the broker.

    Parameters
    ----------
    bootstrap
        Kafka's bootstrap servers, host:port[,host:port].
    changed
        Called with what `View.apply` returned whenever something changed, and with "" when the health did.
    """

    def __init__(self, bootstrap: Where, view: View, changed: Callable[[str], None]) -> None:
        self.health = Health("connecting", datetime.now(UTC), f"Waiting for Kafka at {bootstrap}.")
        self._bootstrap = bootstrap
        self._view = view
        self._changed = changed
        self._places: dict[TopicPartition, PartitionPlace] = {}
        self._read = 0

    async def run(self) -> None:
        """Read until cancelled. A broker that goes away leaves the view as it is and marks it stale."""
        while True:
            try:
                await self._follow()
            except (KafkaError, TimeoutError):
                self._lost(f"Kafka at {self._bootstrap} does not answer. Trying again by itself.")
            except Retryable as error:
                self._lost(str(error))
            await asyncio.sleep(RETRY_S)

    def _lost(self, detail: str) -> None:
        if self.health.phase in ("live", "catching up"):
            log.warning(detail)
        # What was never live is not stale: there is nothing to be seen yet.
        self._say("stale" if self._places else "connecting", detail)

    async def _follow(self) -> None:
        partitions = await self._partitions()
        async with self._consumer() as consumer:
            consumer.assign(partitions)
            await self._look(consumer, partitions)
            for partition in partitions:
                consumer.seek(partition, self._places[partition].position)
            await self._read_while_answered(consumer, partitions)

    @contextlib.asynccontextmanager
    async def _consumer(self) -> AsyncIterator[AIOKafkaConsumer]:
        consumer = brokers.consumer(
            self._bootstrap,
            client_id="stream-app-web",
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            request_timeout_ms=int(ANSWER_S * 1000),
            fetch_min_bytes=GATHER_BYTES,
            fetch_max_wait_ms=GATHER_MS,
        )
        try:
            await consumer.start()
            yield consumer
        finally:
            # A fetch that is being tried again would end `stop` half way, with a CancelledError that looks like our
            # own. Without an assignment the consumer lets go of it by itself.
            if consumer.assignment():
                consumer.unsubscribe()
                await asyncio.sleep(LET_GO_S)
            await consumer.stop()

    async def _partitions(self) -> list[TopicPartition]:
        try:
            return await topic_admin.partitions_of(self._bootstrap, TOPICS_VIEWED, answer_s=ANSWER_S)
        except InvalidInput as error:
            # Nobody can be told before the view is up, and it may yet be mended.
            raise Retryable(f"{error}. Trying again by itself.") from error

    async def _read_while_answered(self, consumer: AIOKafkaConsumer, partitions: list[TopicPartition]) -> None:
        watch = asyncio.create_task(self._watch(consumer, partitions))
        try:
            while not watch.done():
                batches = await consumer.getmany(timeout_ms=POLL_MS, max_records=POLL_RECORDS)
                if watch.done():
                    # What came meanwhile may be of topics made anew, of which no place is known yet.
                    break
                for partition, records in batches.items():
                    for record in records:
                        changed = self._view.apply(record)
                        if changed is not None:
                            self._changed(changed)
                    self._read += len(records)
                    metrics.MESSAGES_READ.labels("web", partition.topic).inc(len(records))
                    self._move(partition, records[-1].offset + 1)
                # When there is more to read already, the call above does not wait for anything.
                await asyncio.sleep(0)
            await watch
        finally:
            watch.cancel()
            await asyncio.wait({watch})

    async def _watch(self, consumer: AIOKafkaConsumer, partitions: list[TopicPartition]) -> None:
        loop = asyncio.get_running_loop()
        at, read = loop.time(), self._read
        while True:
            await asyncio.sleep(LOOK_S)
            # Under steady traffic there is always something ahead, so what counts is the end at the last look; and a
            # view that has caught up once stays live for as long as Kafka answers.
            phase = self.health.phase
            at_end = all(place.behind == 0 for place in self._places.values())
            await self._look(consumer, partitions)
            now = loop.time()
            rate = (self._read - read) / (now - at)
            at, read = now, self._read
            self._say("live" if phase == "live" or (phase == "catching up" and at_end) else "catching up", rate=rate)

    async def _look(self, consumer: AIOKafkaConsumer, partitions: list[TopicPartition]) -> None:
        # Messages go on coming while the brokers are asked, so that only what was read before can be beyond the ends.
        read = {partition: place.position for partition, place in self._places.items()}
        async with asyncio.timeout(ANSWER_S):
            beginnings = await consumer.beginning_offsets(partitions)
            ends = await consumer.end_offsets(partitions)
        if any(position > ends[partition] for partition, position in read.items() if partition in ends):
            # The topics were deleted and made anew: what the view holds is of another life.
            self._view.forget()
            self._places.clear()
            raise Retryable("The topics were deleted and made anew. Starting again from their beginning.")
        for partition in partitions:
            place = self._places.get(partition)
            position = beginnings[partition] if place is None else max(place.position, beginnings[partition])
            self._places[partition] = PartitionPlace(
                partition.topic, partition.partition, beginnings[partition], position, ends[partition]
            )
        self._say(self.health.phase if self.health.phase == "live" else "catching up", rate=self.health.rate)

    def _move(self, partition: TopicPartition, position: int) -> None:
        place = self._places[partition]
        self._places[partition] = PartitionPlace(
            place.topic, place.partition, place.beginning, position, max(place.end, position)
        )

    def _say(self, phase: Phase, detail: str = "", rate: float = 0.0) -> None:
        since = self.health.since if phase == self.health.phase else datetime.now(UTC)
        health = Health(phase, since, detail, rate, tuple(self._places.values()))
        if health != self.health:
            self.health = health
            self._changed("")
