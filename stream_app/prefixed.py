"""Kafka clients for a cluster that has our topics under a prefix: plain names outside, names with the prefix inside."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRebalanceListener, ConsumerRecord, TopicPartition

V = TypeVar("V")


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc]  # untyped in aiokafka
    """Tells another listener of partitions by their plain names."""

    def __init__(self, told: ConsumerRebalanceListener, plain: Callable[[TopicPartition], TopicPartition]) -> None:
        self._told = told
        self._plain = plain

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        if (waiting := self._told.on_partitions_revoked({self._plain(tp) for tp in revoked})) is not None:
            await waiting

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        if (waiting := self._told.on_partitions_assigned({self._plain(tp) for tp in assigned})) is not None:
            await waiting


class PrefixedConsumer(AIOKafkaConsumer):  # type: ignore[misc]  # untyped in aiokafka
    """A consumer that knows topics by their plain names. Errors name topics as the brokers do."""

    def __init__(self, prefix: str, *topics: str, **settings: Any) -> None:
        self._prefix = prefix
        super().__init__(*(prefix + topic for topic in topics), **settings)

    def _full(self, tp: TopicPartition) -> TopicPartition:
        return TopicPartition(self._prefix + tp.topic, tp.partition)

    def _plain(self, tp: TopicPartition) -> TopicPartition:
        return TopicPartition(tp.topic.removeprefix(self._prefix), tp.partition)

    def _fully(self, partitions: Iterable[TopicPartition]) -> list[TopicPartition]:
        return [self._full(tp) for tp in partitions]

    def _plainly(self, by_partition: Mapping[TopicPartition, V]) -> dict[TopicPartition, V]:
        return {self._plain(tp): value for tp, value in by_partition.items()}

    def _received(self, record: ConsumerRecord[bytes, bytes]) -> ConsumerRecord[bytes, bytes]:
        record.topic = record.topic.removeprefix(self._prefix)
        return record

    def assign(self, partitions: Iterable[TopicPartition]) -> None:
        super().assign(self._fully(partitions))

    def assignment(self) -> set[TopicPartition]:
        return {self._plain(tp) for tp in super().assignment()}

    def subscribe(
        self, topics: Iterable[str] = (), pattern: str | None = None, listener: ConsumerRebalanceListener | None = None
    ) -> None:
        if pattern is not None:
            raise ValueError(f"pattern {pattern!r}: topics under a prefix are subscribed by name")
        told = _Listener(listener, self._plain) if listener else None
        super().subscribe([self._prefix + topic for topic in topics], listener=told)

    def subscription(self) -> frozenset[str]:
        return frozenset(name.removeprefix(self._prefix) for name in super().subscription())

    async def topics(self) -> set[str]:
        return {name.removeprefix(self._prefix) for name in await super().topics() if name.startswith(self._prefix)}

    def partitions_for_topic(self, topic: str) -> set[int] | None:
        return super().partitions_for_topic(self._prefix + topic)  # type: ignore[no-any-return]  # untyped in aiokafka

    async def position(self, partition: TopicPartition) -> int:
        return await super().position(self._full(partition))  # type: ignore[no-any-return]  # untyped in aiokafka

    def highwater(self, partition: TopicPartition) -> int | None:
        return super().highwater(self._full(partition))  # type: ignore[no-any-return]  # untyped in aiokafka

    def last_stable_offset(self, partition: TopicPartition) -> int | None:
        return super().last_stable_offset(self._full(partition))  # type: ignore[no-any-return]  # untyped in aiokafka

    def last_poll_timestamp(self, partition: TopicPartition) -> int | None:
        return super().last_poll_timestamp(self._full(partition))  # type: ignore[no-any-return]  # untyped in aiokafka

    def seek(self, partition: TopicPartition, offset: int) -> None:
        super().seek(self._full(partition), offset)

    async def seek_to_beginning(self, *partitions: TopicPartition) -> bool:
        return await super().seek_to_beginning(*self._fully(partitions))  # type: ignore[no-any-return]  # untyped

    async def seek_to_end(self, *partitions: TopicPartition) -> bool:
        return await super().seek_to_end(*self._fully(partitions))  # type: ignore[no-any-return]  # untyped

    async def committed(self, partition: TopicPartition) -> int | None:
        return await super().committed(self._full(partition))  # type: ignore[no-any-return]  # untyped in aiokafka

    async def commit(self, offsets: Mapping[TopicPartition, Any] | None = None) -> None:
        await super().commit(None if offsets is None else {self._full(tp): place for tp, place in offsets.items()})

    async def beginning_offsets(self, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        return self._plainly(await super().beginning_offsets(self._fully(partitions)))

    async def end_offsets(self, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        return self._plainly(await super().end_offsets(self._fully(partitions)))

    async def offsets_for_times(self, timestamps: Mapping[TopicPartition, int]) -> dict[TopicPartition, Any]:
        return self._plainly(await super().offsets_for_times({self._full(tp): time for tp, time in timestamps.items()}))

    async def getone(self, *partitions: TopicPartition) -> ConsumerRecord[bytes, bytes]:
        return self._received(await super().getone(*self._fully(partitions)))

    async def getmany(
        self, *partitions: TopicPartition, timeout_ms: int = 0, max_records: int | None = None
    ) -> dict[TopicPartition, list[ConsumerRecord[bytes, bytes]]]:
        found = await super().getmany(*self._fully(partitions), timeout_ms=timeout_ms, max_records=max_records)
        return {self._plain(tp): [self._received(record) for record in records] for tp, records in found.items()}

    def pause(self, *partitions: TopicPartition) -> None:
        super().pause(*self._fully(partitions))

    def paused(self) -> set[TopicPartition]:
        return {self._plain(tp) for tp in super().paused()}

    def resume(self, *partitions: TopicPartition) -> None:
        super().resume(*self._fully(partitions))

    async def seek_to_committed(self, *partitions: TopicPartition) -> dict[TopicPartition, int | None]:
        # aiokafka's own asks `committed` of this class, which would put the prefix on twice.
        places = {tp: await self.committed(tp) for tp in partitions or self.assignment()}
        for tp, place in places.items():
            if place is not None:
                self.seek(tp, place)
        return places


class PrefixedProducer(AIOKafkaProducer):  # type: ignore[misc]  # untyped in aiokafka
    """A producer that knows topics by their plain names."""

    def __init__(self, prefix: str, **settings: Any) -> None:
        self._prefix = prefix
        super().__init__(**settings)

    async def send(self, topic: str, *arguments: Any, **named: Any) -> Any:
        return await super().send(self._prefix + topic, *arguments, **named)

    async def partitions_for(self, topic: str) -> set[int]:
        return await super().partitions_for(self._prefix + topic)  # type: ignore[no-any-return]  # untyped in aiokafka
