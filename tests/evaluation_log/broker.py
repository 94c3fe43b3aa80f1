"""The service's topics on the tests' broker, empty again for each test of the evaluation log."""

from __future__ import annotations

from aiokafka.admin import AIOKafkaAdminClient

from stream_app.topics import TOPICS
from tests.support import topics
from tests.support.waiting import until


async def make_topics_anew(bootstrap: str, partitions: int = 2) -> None:
    """Delete the service's topics, with what their readers have committed, and make them anew."""
    await delete_topics(bootstrap)
    await topics.create_all(bootstrap, partitions=partitions)


async def delete_topics(bootstrap: str) -> None:
    """Delete the service's topics and return when nobody sees them any more."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        # By name, because a list may not show yet what was made a moment ago.
        names = [topic.name for topic in TOPICS]
        await admin.delete_topics(names)

        async def gone() -> bool:
            return not set(names) & set(await admin.list_topics())

        await until(gone, "the topics are gone")
    finally:
        await admin.close()
