"""How far a reader is from the end of what it reads, by what its client knows already."""

from __future__ import annotations

from collections.abc import Mapping

from aiokafka import AIOKafkaConsumer, TopicPartition


def unread(consumer: AIOKafkaConsumer, places: Mapping[TopicPartition, int]) -> dict[tuple[str, int], int]:
    """Messages of each partition from its place in `places` (the next offset to be read) on.

    As of the last answer of the brokers; partitions that they have not answered for yet are left out. Nothing is asked.
    """
    found: dict[tuple[str, int], int] = {}
    for tp in consumer.assignment():
        place, end = places.get(tp), consumer.highwater(tp)
        if place is not None and end is not None:
            found[tp.topic, tp.partition] = max(end - place, 0)
    return found
