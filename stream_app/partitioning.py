"""Where a competition lives: Kafka's default partitioner, as every client library has it."""

from __future__ import annotations

from functools import lru_cache

from aiokafka.partitioner import murmur2


@lru_cache(maxsize=4_096)
def partition_of(key: bytes, partitions: int) -> int:
    """The partition of a record with `key` in a topic of `partitions` partitions (murmur2, as the Java client)."""
    return int(murmur2(key) & 0x7FFFFFFF) % partitions
