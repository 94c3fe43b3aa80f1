"""Looks whether the topics still have the partitions that the worker was started on."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import NoReturn

from stream_app.brokers import Where
from stream_app.errors import Fatal, Retryable
from stream_app.topic_admin import partitions_of
from stream_app.topics import TOPICS

LOOK_S = 10.0
"""Seconds between two looks."""


async def watch(where: Where, partitions: int, every_s: float = LOOK_S) -> NoReturn:
    """Look at the topics on the brokers every `every_s` seconds, for ever. What they do not answer is asked again.

    Raises
    ------
    Fatal
        A topic has another number of partitions than `partitions`: keys would be looked for where they are not.
    InvalidInput
        A topic is not there any more.
    """
    names = [topic.name for topic in TOPICS]
    while True:
        await asyncio.sleep(every_s)
        try:
            found = Counter(tp.topic for tp in await partitions_of(where, names))
        except Retryable:
            continue
        changed = [f"{name} has {found[name]}" for name in names if found[name] != partitions]
        if changed:
            raise Fatal(
                f"the partitions of topics were changed under a running worker: {', '.join(changed)}, wanted"
                f" {partitions}. Kafka cannot take partitions away: see docs/kafka.md, Partitions"
            )
