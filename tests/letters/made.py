"""Dead letters as the service writes them."""

from __future__ import annotations

from collections.abc import Iterable

from aiokafka import AIOKafkaProducer

from stream_app.events import name_id
from stream_app.topics import DEAD_LETTERS

Made = tuple[str, int, int, bytes | None, bytes | None, str]
"""Topic, partition and offset that it came from, key, value, reason."""


def letter_id(made: Made) -> str:
    return name_id("dead-letter", *made[:3])


def headers(made: Made) -> list[tuple[str, bytes]]:
    topic, partition, offset, _, _, error = made
    return [
        ("id", letter_id(made).encode()),
        ("topic", topic.encode()),
        ("partition", b"%d" % partition),
        ("offset", b"%d" % offset),
        ("error", error.encode()),
    ]


async def write(bootstrap: str, letters: Iterable[Made]) -> None:
    """Put `letters` into their topic."""
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap)
    await producer.start()
    try:
        for made in letters:
            await producer.send_and_wait(DEAD_LETTERS, made[4], key=made[3], partition=made[1], headers=headers(made))
    finally:
        await producer.stop()
