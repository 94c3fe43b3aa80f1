"""Messages that the log cannot keep, sent to the dead letters as they were received, with the reason."""

from __future__ import annotations

import logging
import re
from types import TracebackType
from typing import Self

from aiokafka import AIOKafkaProducer

from stream_app import metrics
from stream_app.evaluation_log.follower import Record
from stream_app.events import name_id
from stream_app.topics import DEAD_LETTERS, INPUT_MAX_BYTES

log = logging.getLogger(__name__)

_REASON_MAX = 500
_NOT_PRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]")


class DeadLetters:
    """Sends dead letters to the brokers at `bootstrap`; connects when the first one is due."""

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap
        self._producer: AIOKafkaProducer | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._producer is not None:
            await self._producer.stop()

    async def send(self, record: Record, reason: str) -> None:
        """Send `record` and wait until the brokers have it. Sent again, it has the same id."""
        if self._producer is None:
            producer = AIOKafkaProducer(
                bootstrap_servers=self._bootstrap,
                acks="all",
                enable_idempotence=True,
                max_request_size=INPUT_MAX_BYTES,
            )
            await producer.start()
            self._producer = producer
        reason = _NOT_PRINTABLE.sub("?", reason)[:_REASON_MAX]
        log.warning("%s[%d] offset %d is no event: %s", record.topic, record.partition, record.offset, reason)
        headers = [
            ("id", name_id("dead-letter", record.topic, record.partition, record.offset).encode()),
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
        metrics.DEAD_LETTERS.labels(record.topic).inc()
