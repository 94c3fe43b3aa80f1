"""Who reads the topics, and how far they are: the consumer groups of the workers and the sink, as Kafka has them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.coordinator.protocol import ConsumerProtocolMemberAssignment
from aiokafka.errors import KafkaError

from stream_app import brokers
from stream_app.brokers import Where

LOOK_S = 2.0
"""Seconds between two looks."""

ANSWER_S = 5.0
"""Seconds that Kafka may take for one answer."""


@dataclass(frozen=True, slots=True)
class Member:
    """One process of a group: its name in the group, where it runs, and what it reads: topic to partitions."""

    name: str
    host: str
    partitions: Mapping[str, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class TopicLag:
    """How far a group is in one topic: offsets that it has settled, and those that lie ahead of it."""

    topic: str
    settled: int
    behind: int


@dataclass(frozen=True, slots=True)
class Group:
    """A consumer group: its state in Kafka's words, its processes, and how far it is in each topic."""

    name: str
    state: str
    members: tuple[Member, ...]
    topics: tuple[TopicLag, ...]

    @property
    def behind(self) -> int:
        """Offsets that lie ahead of the group in all its topics."""
        return sum(topic.behind for topic in self.topics)


class Groups:
    """Looks at the groups of the service for as long as it runs.

    While Kafka does not answer, the last look stays: whoever reads the topics says that it is stale.

    Parameters
    ----------
    app_id
        Name of the workers' group; those that begin with it and a hyphen belong to the service too.
    changed
        Called with "" when what was seen has changed.
    """

    def __init__(self, bootstrap: Where, app_id: str, changed: Callable[[str], None]) -> None:
        self.seen: tuple[Group, ...] = ()
        self._brokers = brokers.brokers_at(bootstrap)
        self._app_id = app_id
        self._changed = changed

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            try:
                async with self._clients() as (admin, consumer):
                    while True:
                        seen = await self._look(admin, consumer)
                        if seen != self.seen:
                            self.seen = seen
                            self._changed("")
                        await asyncio.sleep(LOOK_S)
            except (KafkaError, TimeoutError):
                await asyncio.sleep(LOOK_S)

    @asynccontextmanager
    async def _clients(self) -> AsyncIterator[tuple[AIOKafkaAdminClient, AIOKafkaConsumer]]:
        answer_ms = int(ANSWER_S * 1000)
        admin = brokers.admin(self._brokers, request_timeout_ms=answer_ms)
        consumer = brokers.consumer(
            self._brokers, client_id="stream-app-web-groups", enable_auto_commit=False, request_timeout_ms=answer_ms
        )
        try:
            await admin.start()
            await consumer.start()
            yield admin, consumer
        finally:
            await consumer.stop()
            await admin.close()

    async def _look(self, admin: AIOKafkaAdminClient, consumer: AIOKafkaConsumer) -> tuple[Group, ...]:
        names = sorted(name for name, _ in await admin.list_consumer_groups() if self._is_ours(name))
        if not names:
            return ()
        described: dict[str, Mapping[str, Any]] = {}
        for name in names:
            # One at a time: aiokafka 0.14 reads the answer by an older version's layout, and only the first group of it
            # lies where that says.
            (answer,) = await admin.describe_consumer_groups([name])
            (described[name],) = answer.to_object()["groups"]
        settled = {
            name: {
                TopicPartition(self._brokers.topic_of(partition.topic), partition.partition): place
                for partition, place in (await admin.list_consumer_group_offsets(name)).items()
            }
            for name in names
        }
        ends = await self._ends(admin, consumer, {partition for places in settled.values() for partition in places})
        return tuple(
            Group(
                name,
                described[name]["state"],
                tuple(sorted((self._member(it) for it in described[name]["members"]), key=lambda member: member.name)),
                _lags({partition: place.offset for partition, place in settled[name].items()}, ends),
            )
            for name in names
        )

    async def _ends(
        self, admin: AIOKafkaAdminClient, consumer: AIOKafkaConsumer, partitions: set[TopicPartition]
    ) -> dict[TopicPartition, int]:
        # A group remembers topics that were deleted, whose ends would be asked for in vain.
        there = {self._brokers.topic_of(name) for name in await admin.list_topics()}
        ends: dict[TopicPartition, int] = await consumer.end_offsets(
            [partition for partition in sorted(partitions) if partition.topic in there]
        )
        return ends

    def _is_ours(self, name: str) -> bool:
        return name == self._app_id or name.startswith(f"{self._app_id}-")

    def _member(self, described: Mapping[str, object]) -> Member:
        assignment = described["member_assignment"]
        read: dict[str, tuple[int, ...]] = {}
        # Empty while the group is sharing its partitions out anew.
        if isinstance(assignment, bytes) and assignment:
            for topic, partitions in ConsumerProtocolMemberAssignment.decode(assignment).assignment:
                read[self._brokers.topic_of(topic)] = tuple(sorted(partitions))
        host = str(described["client_host"]).lstrip("/")
        return Member(str(described["member_id"]), host, dict(sorted(read.items())))


def _lags(settled: Mapping[TopicPartition, int], ends: Mapping[TopicPartition, int]) -> tuple[TopicLag, ...]:
    topics: dict[str, TopicLag] = {}
    for partition in sorted(settled):
        if partition in ends:
            before = topics.get(partition.topic, TopicLag(partition.topic, 0, 0))
            behind = max(0, ends[partition] - settled[partition])
            topics[partition.topic] = TopicLag(
                partition.topic, before.settled + settled[partition], before.behind + behind
            )
    return tuple(topics.values())
