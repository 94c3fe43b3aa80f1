"""The service's topics on the tests' broker, empty again for each test of the evaluation log."""

from __future__ import annotations

from stream_app.topics import TOPICS
from tests.support import topics


async def make_topics_anew(bootstrap: str, partitions: int = 2) -> None:
    """Delete the service's topics, with what their readers have committed, and make them anew."""
    await delete_topics(bootstrap)
    await topics.create_all(bootstrap, partitions=partitions)


async def delete_topics(bootstrap: str) -> None:
    """Delete the service's topics: by name, because a list may not show yet what was made a moment ago."""
    await topics.delete(bootstrap, *(topic.name for topic in TOPICS))
