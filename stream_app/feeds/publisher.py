"""Puts match features and results on the input topics."""

from __future__ import annotations

import asyncio
from collections import deque
from types import TracebackType
from typing import Self

from aiokafka.errors import KafkaError

from stream_app import brokers, topic_admin
from stream_app.brokers import Where
from stream_app.contracts import encode
from stream_app.errors import StreamAppError
from stream_app.events import Features, Result
from stream_app.message_headers import MESSAGE_ID, content_id
from stream_app.topics import FEATURES, FEEDS, INPUT_MAX_BYTES, RESULTS

WINDOW = 2_000
"""Messages that may be on their way at the same time: enough to fill requests, little to hold in memory."""

PATIENCE_S = 60.0
"""How long the brokers may leave a message without confirmation, a restart of theirs included."""

_BATCH_BYTES = 256 * 1024


class Publisher:
    """Sends events to Kafka in the order in which they are given, each with its competition as the key and its id in a
    header.

    To be used as an asynchronous context manager; leaving it in good order means that the brokers have everything.
    The order of a competition is kept, also over a restart of the brokers, and no message is written twice. That holds
    across topics too: features that follow a result are sent when the brokers have the result, so that whoever reads
    both topics can see them in the order in which they happened.

    Parameters
    ----------
    bootstrap
        Kafka's bootstrap servers, `host:port[,host:port]`.
    window
        Messages that may be on their way at the same time; `send` waits when it is reached.
    patience_s
        Seconds after which a message without confirmation is given up.
    """

    def __init__(self, bootstrap: Where, *, window: int = WINDOW, patience_s: float = PATIENCE_S) -> None:
        self._bootstrap = bootstrap
        self._window = window
        self._patience_s = patience_s
        self._on_their_way: deque[asyncio.Future[object]] = deque()
        self._last: dict[str, tuple[str, asyncio.Future[object]]] = {}

    async def __aenter__(self) -> Self:
        """Connect.

        Raises
        ------
        InvalidInput
            The input topics are not there.
        Retryable
            The broker does not answer.
        """
        await topic_admin.require(self._bootstrap, FEEDS)
        self._producer = brokers.producer(
            self._bootstrap,
            max_batch_size=_BATCH_BYTES,
            max_request_size=INPUT_MAX_BYTES,
            request_timeout_ms=int(self._patience_s * 1000),
        )
        try:
            await self._producer.start()
        except KafkaError as error:
            await self._producer.stop()
            raise self._away(error) from error
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Wait until the brokers have everything, and disconnect; after an error only disconnect."""
        try:
            if error is None:
                await self.flush()
        finally:
            if self._on_their_way:
                # What has been given up would be sent again and again, and `stop` would wait for it for ever.
                self._producer._sender.sender_task.cancel()
            await self._producer.stop()

    async def send(self, event: Features | Result) -> None:
        """Send `event`. Returns before the brokers have it, but not before they have all but the last `window`.

        Raises
        ------
        Retryable
            The brokers did not confirm a message in time. It and those after it may be sent again: a message that
            comes twice changes nothing.
        """
        topic = FEATURES if isinstance(event, Features) else RESULTS
        if len(self._on_their_way) >= self._window:
            await self._confirm(self._window // 2)
        last_topic, last = self._last.get(event.competition, (topic, None))
        if last is not None and last_topic != topic:
            await self._await(last)
        try:
            value = encode(event)
            headers = [(MESSAGE_ID, content_id(topic, value).encode())]
            sent = await self._producer.send(topic, value, key=event.competition.encode(), headers=headers)
        except KafkaError as error:
            raise self._away(error) from error
        self._last[event.competition] = topic, sent
        self._on_their_way.append(sent)

    async def flush(self) -> None:
        """Return when the brokers have everything that was sent. Raises Retryable like `send`."""
        await self._confirm(0)

    async def _confirm(self, rest: int) -> None:
        """Wait until only `rest` messages are on their way."""
        while len(self._on_their_way) > rest:
            await self._await(self._on_their_way[0])
            self._on_their_way.popleft()

    async def _await(self, confirmation: asyncio.Future[object]) -> None:
        try:
            async with asyncio.timeout(self._patience_s):
                # Shielded, so that running out of patience does not touch what the producer still works on.
                await asyncio.shield(confirmation)
        except (KafkaError, TimeoutError) as error:
            raise self._away(error) from error

    def _away(self, error: Exception) -> StreamAppError:
        reason = str(error) or f"nothing was confirmed for {self._patience_s:.0f} s"
        said = f"Kafka does not take messages at {self._bootstrap}: {reason}"
        return brokers.trouble(self._bootstrap, error, said)
