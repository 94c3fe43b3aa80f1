"""Messages that cannot be used, sent to the dead letters as they were received, with the reason."""

from __future__ import annotations

import logging
import re
from types import TracebackType
from typing import Self, TypeAlias

from aiokafka import AIOKafkaProducer, ConsumerRecord

from stream_app import brokers, metrics
from stream_app.brokers import Where
from stream_app.events import name_id
from stream_app.topics import DEAD_LETTERS, INPUT_MAX_BYTES

log = logging.getLogger(__name__)

PLACE = ("topic", "partition", "offset")

Record: TypeAlias = "ConsumerRecord[bytes | None, bytes | None]"

_REASON_MAX = 500
_NOT_PRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]")


class DeadLetters:
    """Sends dead letters to the brokers at `bootstrap`; connects when the first one is due."""

    def __init__(self, bootstrap: Where) -> None:
        self._bootstrap = bootstrap
        self._producer: AIOKafkaProducer | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._producer is not None:
            await self._producer.stop()

    async def send(self, record: Record, reason: str, *by: str, kind: str = "content") -> None:
        """Send `record` and wait until the brokers have it. Sent again, it has the same id.

        `by` names who cannot use it, where several may find so for reasons of their own. `kind` is a word for the sort
        of mistake, by which the letters are counted.
        """
        if self._producer is None:
            producer = brokers.producer(
                self._bootstrap,
                max_request_size=INPUT_MAX_BYTES,
            )
            await producer.start()
            self._producer = producer
        reason = _NOT_PRINTABLE.sub("?", reason)[:_REASON_MAX]
        place = record.topic, record.partition, record.offset
        log.warning("%s[%d] offset %d is a dead letter: %s", *place, reason, extra=dict(zip(PLACE, place, strict=True)))
        headers = [
            ("id", name_id("dead-letter", *place, *by).encode()),
            ("topic", record.topic.encode()),
            ("partition", b"%d" % record.partition),
            ("offset", b"%d" % record.offset),
            ("error", reason.encode()),
        ]
        # The client cannot send what has neither a key nor a value.
        value = b"" if record.key is None and record.value is None else record.value
        await self._producer.send_and_wait(
            DEAD_LETTERS, value, key=record.key, partition=record.partition, headers=headers
        )
        metrics.DEAD_LETTERS.labels(record.topic, kind).inc()
