"""The topics of `stream_app.topics` on a real broker: made where they are missing, held against what they should be."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from time import monotonic
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, UnknownTopicOrPartitionError, for_code

from stream_app.errors import InvalidInput, Retryable
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


async def create(bootstrap: str, *, partitions: int, replication: int, topics: Sequence[Topic] = TOPICS) -> list[str]:
    """Create those of `topics` that are missing and return their names once they are ready to be written to.

    Topics that are there stay as they are; `differences` tells what is wrong with them.

    Raises
    ------
    InvalidInput
        The broker will not have such a topic, for example because it has fewer brokers than `replication`.
    Retryable
        The broker does not answer.
    """
    async with admin_client(bootstrap) as admin:
        there = await admin.list_topics()
        missing = [
            NewTopic(topic.name, partitions, replication, topic_configs=topic.config())
            for topic in topics
            if topic.name not in there
        ]
        answer = await admin.create_topics(missing, timeout_ms=int(REQUEST_TIMEOUT_S * 1000))
        for name, code, message in answer.topic_errors:
            # Another process may make the same topics at the same moment; then they are there, which is what we want.
            if code not in (0, TopicAlreadyExistsError.errno):
                raise InvalidInput(f"topic {name}: Kafka at {bootstrap} will not have it: {message or for_code(code)}")
        names = [topic.name for topic in missing]
        async with asyncio.timeout(REQUEST_TIMEOUT_S):
            while not await _ready(admin, names):  # noqa: ASYNC110  the broker has no event to wait for
                await asyncio.sleep(_POLL_S)
        return names


async def differences(
    bootstrap: str, *, partitions: int, replication: int, topics: Sequence[Topic] = TOPICS
) -> list[Difference]:
    """All that is not as it should be, in the order of `topics`; empty when everything is right.

    Raises
    ------
    Retryable
        The broker does not answer.
    """
    async with admin_client(bootstrap) as admin:
        described = {found["topic"]: found for found in await admin.describe_topics([topic.name for topic in topics])}
        configs = await _configs(admin, [topic for topic in topics if _exists(described[topic.name])])
    found: list[Difference] = []
    for topic in topics:
        description = described[topic.name]
        if not _exists(description):
            found.append(Difference(topic.name, "topic", "missing", "there"))
            continue
        wanted = {"partitions": str(partitions), "replication": str(replication)} | topic.config()
        actual = _layout(description) | configs[topic.name]
        found += [
            Difference(topic.name, setting, actual[setting], value)
            for setting, value in wanted.items()
            if actual[setting] != value
        ]
    return found


async def require(bootstrap: str, names: Sequence[str]) -> None:
    """Return if the topics `names` are there.

    Raises
    ------
    InvalidInput
        One is not.
    Retryable
        The broker does not answer.
    """
    async with admin_client(bootstrap) as admin:
        deadline = monotonic() + _NEW_TOPIC_S
        while missing := sorted(set(names) - set(await admin.list_topics())):
            if monotonic() > deadline:
                break
            await asyncio.sleep(_POLL_S)
    if missing:
        raise InvalidInput(
            f"Kafka at {bootstrap} has no topic {', '.join(missing)}: make them with `stream-app topics create`"
        )


@asynccontextmanager
async def admin_client(bootstrap: str) -> AsyncIterator[AIOKafkaAdminClient]:
    """A connected admin client. Raises Retryable when the brokers do not answer, also in the body."""
    client = AIOKafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=int(REQUEST_TIMEOUT_S * 1000))
    try:
        await client.start()
        yield client
    except (KafkaError, TimeoutError) as error:
        raise Retryable(f"Kafka does not answer at {bootstrap}: {error}") from error
    finally:
        await client.close()


async def _ready(admin: AIOKafkaAdminClient, names: list[str]) -> bool:
    """Whether every partition of the topics `names` has a leader."""
    described = await admin.describe_topics(names) if names else []
    return all(
        _exists(topic) and all(partition["error_code"] == 0 for partition in topic["partitions"]) for topic in described
    )


def _exists(description: Mapping[str, Any]) -> bool:
    code = description["error_code"]
    if code not in (0, UnknownTopicOrPartitionError.errno):
        raise Retryable(f"topic {description['topic']}: {for_code(code)()}")
    return bool(code == 0)


def _layout(description: Mapping[str, Any]) -> dict[str, str]:
    replicas = {len(partition["replicas"]) for partition in description["partitions"]}
    return {
        "partitions": str(len(description["partitions"])),
        "replication": " and ".join(str(number) for number in sorted(replicas)),
    }


async def _configs(admin: AIOKafkaAdminClient, topics: Sequence[Topic]) -> dict[str, dict[str, str]]:
    if not topics:
        return {}
    asked = [ConfigResource(ConfigResourceType.TOPIC, topic.name, configs=topic.config()) for topic in topics]
    return {
        name: {entry[0]: entry[1] for entry in entries}
        for answer in await admin.describe_configs(asked)
        for _code, _message, _type, name, entries in answer.resources
    }
