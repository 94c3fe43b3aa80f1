"""The harness's feed: sends at a steady rate, over every trouble that the broker has."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterator
from time import monotonic

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from stream_app.topics import INPUT_MAX_BYTES
from tests.chaos.fold import MADE, NUMBER
from tests.chaos.sent import Sent

TICK_S = 0.02
BURST_S = 2.0
"""Longest silence, in seconds, that is made up for at once: a broker that was away has a backlog waiting for it."""

WINDOW = 2_000
"""Messages that may be on their way at the same time."""

PATIENCE_S = 90.0
"""How long the broker may leave a message without confirmation."""


class Feed:
    """Sends `messages` at `rate` a second until it is told to stop.

    A message that was not confirmed is sent again, and is then another message, as of any feed.
    """

    def __init__(self, bootstrap: str, messages: Iterator[Sent], rate: float) -> None:
        self._bootstrap = bootstrap
        self._messages = messages
        self._rate = rate
        self._number = 0
        self._stopping = asyncio.Event()
        self._waiting: deque[tuple[int, Sent]] = deque()
        self._on_their_way: deque[tuple[int, Sent, asyncio.Future[object]]] = deque()
        self.confirmed: set[int] = set()
        """Numbers of the messages that the broker says it has."""

    def stop(self) -> None:
        """Send no more; `run` ends when the broker has what was sent."""
        self._stopping.set()

    async def run(self) -> None:
        """Send, with a new producer whenever the last one has given up."""
        while True:
            producer = AIOKafkaProducer(
                bootstrap_servers=self._bootstrap,
                acks="all",
                enable_idempotence=True,
                max_request_size=INPUT_MAX_BYTES,
                request_timeout_ms=int(PATIENCE_S * 1000),
                linger_ms=5,
            )
            try:
                await producer.start()
                await self._send_with(producer)
                return
            except KafkaError:
                self._waiting.extendleft((number, sent) for number, sent, _ in reversed(self._on_their_way))
                self._on_their_way.clear()
                await asyncio.sleep(0.5)
            finally:
                # What has been given up would be sent again and again, and `stop` would wait for it.
                if producer._sender.sender_task is not None and self._on_their_way:
                    producer._sender.sender_task.cancel()
                await producer.stop()

    async def _send_with(self, producer: AIOKafkaProducer) -> None:
        begun, sent = monotonic(), 0
        while not self._stopping.is_set():
            due = int((monotonic() - begun) * self._rate)
            if due - sent > BURST_S * self._rate:
                begun, sent, due = monotonic() - BURST_S, 0, int(BURST_S * self._rate)
            while sent < due and len(self._on_their_way) < WINDOW:
                await self._send(producer, *self._next())
                sent += 1
            self._confirm()
            await asyncio.sleep(TICK_S)
        while self._waiting:
            await self._send(producer, *self._waiting.popleft())
        async with asyncio.timeout(PATIENCE_S):
            await producer.flush()
        self._confirm()

    def _next(self) -> tuple[int, Sent]:
        if self._waiting:
            return self._waiting.popleft()
        self._number += 1
        return self._number, next(self._messages)

    async def _send(self, producer: AIOKafkaProducer, number: int, sent: Sent) -> None:
        headers = [(MADE, sent.made.encode()), (NUMBER, b"%d" % number)]
        try:
            on_its_way = await producer.send(
                sent.topic, sent.value, key=sent.key, partition=sent.partition, headers=headers
            )
        except KafkaError:
            self._waiting.appendleft((number, sent))
            raise
        self._on_their_way.append((number, sent, on_its_way))

    def _confirm(self) -> None:
        while self._on_their_way and self._on_their_way[0][2].done():
            self._on_their_way[0][2].result()
            self.confirmed.add(self._on_their_way.popleft()[0])
