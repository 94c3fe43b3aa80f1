"""The topics of `stream_app.topics` on a real broker: made where they are missing, held against what they should be."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from time import monotonic
from typing import Any

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import (
    KafkaConnectionError,
    KafkaError,
    NoError,
    TopicAlreadyExistsError,
    UnknownTopicOrPartitionError,
    for_code,
)

from stream_app import brokers
from stream_app.brokers import Where
from stream_app.errors import InvalidInput
from stream_app.topics import TOPICS, Topic

REQUEST_TIMEOUT_S = 15.0
"""How long the broker may take for one answer, and for a new topic to be ready."""

_POLL_S = 0.05
_NEW_TOPIC_S = 1.0  # A topic that was made a moment ago may not be known to every broker yet.


@dataclass(frozen=True, slots=True)
class Difference:
    """One way in which a topic is not as it should be. `setting` is `topic` when it is not there at all."""

    topic: str
    setting: str
    found: str
    wanted: str

    def __str__(self) -> str:
        return f"topic {self.topic}: {self.setting} is {self.found}, wanted {self.wanted}"

    @property
    def is_grave(self) -> bool:
        """Whether working on such a topic could lose messages or mix them up."""
        if self.setting in ("replication", "min.insync.replicas"):
            return min(map(int, self.found.split(" and "))) < int(self.wanted)
        return self.setting in ("topic", "partitions", "cleanup.policy")


def config_of(topic: Topic, replication: int) -> dict[str, str]:
    """The topic-level settings of `topic` with so many replicas. What is confirmed is on at least half of them."""
    return topic.config() | {"min.insync.replicas": str((replication + 1) // 2)}


async def create(bootstrap: Where, *, partitions: int, replication: int, topics: Sequence[Topic] = TOPICS) -> list[str]:
    """Create those of `topics` that are missing and return their names once they are ready to be written to.

    Topics that are there stay as they are; `differences` tells what is wrong with them.

    Raises
    ------
    InvalidInput
        The broker will not have such a topic, for example because it has fewer brokers than `replication`.
    Retryable
        The broker does not answer.
    """
    name_of = brokers.brokers_at(bootstrap).name_of
    async with admin_client(bootstrap) as admin:
        described = await _described(admin, bootstrap, [topic.name for topic in topics])
        missing = [topic for topic in topics if described[topic.name] is None]
        new = [
            NewTopic(name_of(it.name), partitions, replication, topic_configs=config_of(it, replication))
            for it in missing
        ]
        answer = await admin.create_topics(new, timeout_ms=int(REQUEST_TIMEOUT_S * 1000))
        for name, code, message in answer.topic_errors:
            # Another process may make the same topics at the same moment; then they are there, which is what we want.
            if code not in (0, TopicAlreadyExistsError.errno):
                raise InvalidInput(
                    f"topic {name}: Kafka at {bootstrap} will not have it: {message or for_code(code).__name__}"
                )
        names = [topic.name for topic in missing]
        async with asyncio.timeout(REQUEST_TIMEOUT_S):
            while not await _ready(admin, bootstrap, names):  # noqa: ASYNC110  the broker has no event to wait for
                await asyncio.sleep(_POLL_S)
        return names


async def differences(
    bootstrap: Where, *, partitions: int, replication: int, topics: Sequence[Topic] = TOPICS
) -> list[Difference]:
    """All that is not as it should be, in the order of `topics`; empty when everything is right.

    Raises
    ------
    Retryable
        The broker does not answer.
    """
    async with admin_client(bootstrap) as admin:
        described = await _described(admin, bootstrap, [topic.name for topic in topics])
        configs = await _configs(admin, bootstrap, [topic for topic in topics if described[topic.name]], replication)
    found: list[Difference] = []
    for topic in topics:
        description = described[topic.name]
        if description is None:
            found.append(Difference(topic.name, "topic", "missing", "there"))
            continue
        wanted = {"partitions": str(partitions), "replication": str(replication)} | config_of(topic, replication)
        actual = _layout(description) | configs[topic.name]
        found += [
            Difference(topic.name, setting, actual[setting], value)
            for setting, value in wanted.items()
            if actual[setting] != value
        ]
    return found


async def partitions_of(
    bootstrap: Where, names: Sequence[str], *, answer_s: float = REQUEST_TIMEOUT_S
) -> list[TopicPartition]:
    """All partitions of the topics `names`, for the answer of which the brokers have `answer_s` seconds.

    Raises
    ------
    InvalidInput
        A topic is not there, or the brokers do not let us see it.
    Retryable
        The broker does not answer.
    """
    async with admin_client(bootstrap, answer_s) as admin:
        deadline = monotonic() + _NEW_TOPIC_S
        while True:
            described = await _described(admin, bootstrap, names)
            there = {name: found for name, found in described.items() if found}
            if len(there) == len(described):
                break
            if monotonic() > deadline:
                missing = ", ".join(name for name in described if name not in there)
                raise InvalidInput(
                    f"Kafka at {bootstrap} has no topic {missing}: make them with `stream-app topics create`"
                )
            await asyncio.sleep(_POLL_S)
    return [
        TopicPartition(name, number)
        for name, found in there.items()
        for number in sorted(partition["partition"] for partition in found["partitions"])
    ]


async def require(bootstrap: Where, names: Sequence[str]) -> None:
    """Return if the topics `names` are there.

    Raises
    ------
    InvalidInput
        One is not, or the brokers do not let us see it.
    Retryable
        The broker does not answer.
    """
    await partitions_of(bootstrap, names)


@asynccontextmanager
async def admin_client(bootstrap: Where, answer_s: float = REQUEST_TIMEOUT_S) -> AsyncIterator[AIOKafkaAdminClient]:
    """A connected admin client. Raises Retryable when the brokers do not answer, InvalidInput when they
    do not let us in or do not allow it, also in the body."""
    client = brokers.admin(bootstrap, request_timeout_ms=int(answer_s * 1000))
    try:
        try:
            await client.start()
        except KafkaConnectionError:
            await brokers.require_entry(bootstrap)
            raise
        yield client
    except (KafkaError, TimeoutError) as error:
        raise brokers.trouble(bootstrap, error) from error
    finally:
        await client.close()


async def _described(
    admin: AIOKafkaAdminClient, bootstrap: Where, names: Sequence[str]
) -> dict[str, Mapping[str, Any] | None]:
    """What the brokers say of the topics `names`, None of one that is not there."""
    if not names:
        return {}
    where = brokers.brokers_at(bootstrap)
    answer = {found["topic"]: found for found in await admin.describe_topics([where.name_of(name) for name in names])}
    described: dict[str, Mapping[str, Any] | None] = {}
    for name in names:
        found = answer[where.name_of(name)]
        error = for_code(found["error_code"])
        if error not in (NoError, UnknownTopicOrPartitionError):
            raise brokers.trouble(bootstrap, error(f"topic {where.name_of(name)}"))
        described[name] = found if error is NoError else None
    return described


async def _ready(admin: AIOKafkaAdminClient, bootstrap: Where, names: Sequence[str]) -> bool:
    """Whether every partition of the topics `names` has a leader."""
    described = await _described(admin, bootstrap, names)
    return all(
        topic and all(partition["error_code"] == 0 for partition in topic["partitions"]) for topic in described.values()
    )


def _layout(description: Mapping[str, Any]) -> dict[str, str]:
    replicas = {len(partition["replicas"]) for partition in description["partitions"]}
    return {
        "partitions": str(len(description["partitions"])),
        "replication": " and ".join(str(number) for number in sorted(replicas)),
    }


async def _configs(
    admin: AIOKafkaAdminClient, bootstrap: Where, topics: Sequence[Topic], replication: int
) -> dict[str, dict[str, str]]:
    if not topics:
        return {}
    where = brokers.brokers_at(bootstrap)
    asked = [
        ConfigResource(ConfigResourceType.TOPIC, where.name_of(topic.name), configs=config_of(topic, replication))
        for topic in topics
    ]
    return {
        where.topic_of(name): {entry[0]: entry[1] for entry in entries}
        for answer in await admin.describe_configs(asked)
        for _code, _message, _type, name, entries in answer.resources
    }
