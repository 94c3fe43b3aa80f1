"""Brings messages to the brokers, each of them once.

A message has an id: made of the sender's idempotency key, else of the message itself. What is on its way or has arrived
is known by that id, so a client that asks again (because an answer was lost, or came too late) gets the first answer
and nothing is written twice. The id stands in a header of the record; a gateway that starts reads the end of the topics
and knows what its predecessor has written.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections import OrderedDict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from aiokafka.structs import TopicPartition

from stream_app import brokers, topic_admin
from stream_app.brokers import Where
from stream_app.errors import Retryable
from stream_app.message_headers import CLIENT, MESSAGE_ID
from stream_app.topics import FEEDS, INPUT_MAX_BYTES

log = logging.getLogger(__name__)

REMEMBERED = 200_000
"""Messages whose ids are known: at a thousand a second those of the last three minutes."""

READ_BACK = 10_000
"""Records of each partition that are looked through at the start."""

MOST_ON_THEIR_WAY = 20_000
"""Messages without confirmation at which no more are taken."""

_BATCH_BYTES = 256 * 1024
_FETCH_MS = 200
_STOP_S = 5.0


class Conflict(Exception):
    """A message with the id of another one."""


class Busy(Retryable):
    """Too much is on its way already."""


@dataclass(frozen=True, slots=True)
class Message:
    """What is to be sent. `client` is who sends it."""

    id: str
    client: str
    topic: str
    key: bytes
    value: bytes


@dataclass(frozen=True, slots=True)
class Receipt:
    """Where the brokers have a message; offset -1 where they do not tell any more.

    `repeated`: it was there or on its way before it was asked for.
    """

    id: str
    topic: str
    partition: int
    offset: int
    repeated: bool


@dataclass(slots=True)
class _Known:
    digest: bytes
    place: asyncio.Future[tuple[int, int]]


class Outbox:
    """Sends to the brokers at `bootstrap`. To be used as an asynchronous context manager."""

    def __init__(self, bootstrap: Where) -> None:
        self._bootstrap = bootstrap
        self._known: OrderedDict[str, _Known] = OrderedDict()
        self._on_their_way: set[asyncio.Future[tuple[int, int]]] = set()
        self._producer: AIOKafkaProducer | None = None
        self._renewing = asyncio.Lock()
        self._stopping: set[asyncio.Future[None]] = set()

    async def __aenter__(self) -> Self:
        """Connect, and read what was written last.

        Raises
        ------
        InvalidInput
            The topics are not there.
        Retryable
            The brokers do not answer.
        """
        await topic_admin.require(self._bootstrap, FEEDS)
        await self._read_back()
        await self._connected()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give what is on its way a few seconds, and disconnect."""
        if self._producer is not None:
            await _stop(self._producer)
        await asyncio.gather(*self._stopping)

    @property
    def on_their_way(self) -> int:
        """Messages that the brokers have not confirmed."""
        return len(self._on_their_way)

    async def send(self, messages: Sequence[Message]) -> list[Receipt]:
        """Send `messages` in their order and return when the brokers have all of them.

        Cancelling the call takes nothing back: the messages arrive later, and are known by their ids.

        Raises
        ------
        Conflict
            One has the id of another message. Nothing was sent.
        Busy
            Too much is on its way. Nothing was sent.
        Retryable
            The brokers do not take them. Some may be there; asking again with the same ids is safe.
        """
        digests = [hashlib.sha256(message.topic.encode() + b"\0" + message.value).digest() for message in messages]
        for message, digest in zip(messages, digests, strict=True):
            known = self._known.get(message.id)
            if known is not None and known.digest != digest:
                raise Conflict(message.id)
        if len(self._on_their_way) + len(messages) > MOST_ON_THEIR_WAY:
            raise Busy(f"{len(self._on_their_way)} messages wait for the brokers")
        producer = await self._connected()
        waited_for = []
        for message, digest in zip(messages, digests, strict=True):
            known = self._known.get(message.id)
            repeated = known is not None
            if known is None:
                known = _Known(digest, asyncio.get_running_loop().create_future())
                self._remember(message.id, known)
                await self._hand_over(producer, message, known)
            waited_for.append((message, known, repeated))
        receipts = []
        for message, known, repeated in waited_for:
            try:
                # Shielded: whoever gives up waiting must not take the message away from the others.
                partition, offset = await asyncio.shield(known.place)
            except KafkaError as error:
                raise Retryable(f"the brokers did not take message {message.id}: {error}") from error
            receipts.append(Receipt(message.id, message.topic, partition, offset, repeated))
        return receipts

    async def _hand_over(self, producer: AIOKafkaProducer, message: Message, known: _Known) -> None:
        """Give `message` to the producer; `known.place` is set when the brokers have it, or will not have it."""

        def arrived(confirmation: asyncio.Future[object]) -> None:
            self._on_their_way.discard(known.place)
            error = confirmation.exception() if not confirmation.cancelled() else KafkaError("the gateway stops")
            if error is None:
                place = confirmation.result()
                known.place.set_result((place.partition, place.offset))  # type: ignore[attr-defined]  # untyped client
            else:
                self._failed(message.id, known, producer, error)

        self._on_their_way.add(known.place)
        headers = [(MESSAGE_ID, message.id.encode()), (CLIENT, message.client.encode())]
        # In a task of its own, so that a client that hangs up in the middle leaves nothing half done.
        sending = asyncio.ensure_future(producer.send(message.topic, message.value, key=message.key, headers=headers))

        def handed_over(sent: asyncio.Future[asyncio.Future[object]]) -> None:
            error = sent.exception() if not sent.cancelled() else KafkaError("the gateway stops")
            if error is None:
                sent.result().add_done_callback(arrived)
            else:
                self._on_their_way.discard(known.place)
                self._failed(message.id, known, producer, error)

        sending.add_done_callback(handed_over)
        with suppress(KafkaError):  # `known.place` tells it to everybody who waits.
            await asyncio.shield(sending)

    def _failed(self, name: str, known: _Known, producer: AIOKafkaProducer, error: BaseException) -> None:
        self._known.pop(name, None)
        known.place.set_exception(error if isinstance(error, KafkaError) else KafkaError(repr(error)))
        known.place.exception()  # Seen, also when nobody waits any more.
        if self._producer is producer:
            # After an error that it does not get over by itself, what follows it would be refused as out of sequence.
            log.warning("a message was not taken, the connection is made anew: %s", error)
            self._producer = None
            stopping = asyncio.ensure_future(_stop(producer))
            self._stopping.add(stopping)
            stopping.add_done_callback(self._stopping.discard)

    async def _connected(self) -> AIOKafkaProducer:
        async with self._renewing:
            if self._producer is None:
                producer = brokers.producer(
                    self._bootstrap,
                    max_batch_size=_BATCH_BYTES,
                    max_request_size=INPUT_MAX_BYTES,
                )
                try:
                    await producer.start()
                except KafkaError as error:
                    await producer.stop()
                    raise brokers.trouble(self._bootstrap, error) from error
                self._producer = producer
            return self._producer

    def _remember(self, name: str, known: _Known) -> None:
        self._known[name] = known
        while len(self._known) > REMEMBERED:
            oldest, state = next(iter(self._known.items()))
            if not state.place.done():
                return
            del self._known[oldest]

    async def _read_back(self) -> None:
        consumer = brokers.consumer(
            self._bootstrap,
            enable_auto_commit=False,
            max_partition_fetch_bytes=INPUT_MAX_BYTES,
        )
        try:
            await consumer.start()
            await consumer._client.force_metadata_update()
            partitions = [
                TopicPartition(topic, number)
                for topic in FEEDS
                for number in sorted(consumer.partitions_for_topic(topic) or ())
            ]
            consumer.assign(partitions)
            ends = await consumer.end_offsets(partitions)
            begins = await consumer.beginning_offsets(partitions)
            for tp in partitions:
                consumer.seek(tp, max(begins[tp], ends[tp] - READ_BACK))
            pending = {tp for tp in partitions if await consumer.position(tp) < ends[tp]}
            while pending:
                for tp, records in (await consumer.getmany(*pending, timeout_ms=_FETCH_MS)).items():
                    for record in records:
                        self._recall(tp.topic, record.partition, record.offset, record.value, record.headers)
                for tp in list(pending):
                    if await consumer.position(tp) >= ends[tp]:
                        pending.discard(tp)
                        consumer.pause(tp)
        except KafkaError as error:
            raise brokers.trouble(self._bootstrap, error) from error
        finally:
            await consumer.stop()

    def _recall(
        self,
        topic: str,
        partition: int,
        offset: int,
        value: bytes | None,
        headers: Sequence[tuple[str, bytes]],
    ) -> None:
        name = dict(headers).get(MESSAGE_ID)
        if name is None:
            return
        place: asyncio.Future[tuple[int, int]] = asyncio.get_running_loop().create_future()
        place.set_result((partition, offset))
        digest = hashlib.sha256(topic.encode() + b"\0" + (value or b"")).digest()
        self._remember(name.decode(errors="replace"), _Known(digest, place))


async def _stop(producer: AIOKafkaProducer) -> None:
    try:
        async with asyncio.timeout(_STOP_S):
            await producer.flush()
    except (KafkaError, TimeoutError):
        log.warning("the brokers did not confirm everything; whoever asks again with the same ids is answered right")
        # Without an end of its sender, `stop` would wait for the brokers for ever.
        producer._sender.sender_task.cancel()
    await producer.stop()
