"""What this service needs Faust and aiokafka to do differently, in one place.

Each item says why it is there and was seen with faust-streaming 0.15.3 and aiokafka 0.14.0.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from functools import wraps
from typing import Any, NoReturn, ParamSpec, cast

import faust
from faust.transport.drivers.aiokafka import Producer, Transport
from faust.types import EventT, Message, StreamT
from yarl import URL

from stream_app.agents.faust_consumer import TURN, PlacesConsumer

# Not that of this module: Faust gives that one a handler that swallows everything while no logs are set up.
log = logging.getLogger("stream_app.worker")

EXIT_FATAL = 70
"""Exit code of a worker that ended itself because an invariant did not hold (EX_SOFTWARE of sysexits.h)."""

P = ParamSpec("P")


def die(error: BaseException) -> NoReturn:
    """End the process at once, saying why in one line.

    A restart is safe, going on is not: nothing that is in flight may be acknowledged any more, so no clean-up runs.
    """
    log.critical("stream-app worker: exit %d: %s: %s", EXIT_FATAL, type(error).__name__, error)
    os._exit(EXIT_FATAL)


def fatal_on_error(body: Callable[P, Awaitable[None]]) -> Callable[P, Awaitable[None]]:
    """Make any exception of a coroutine end the process.

    Faust restarts an agent that raises and goes on behind the message that it raised on, and it swallows what its
    signal handlers raise: both would be silent losses.
    """

    @wraps(body)
    async def guarded(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            await body(*args, **kwargs)
        except Exception as error:  # noqa: BLE001  # the edge: whatever it is, the process must not go on
            die(error)

    return guarded


async def messages(stream: StreamT[bytes], prefix: str = "") -> AsyncIterator[Message]:
    """The raw messages of an agent's stream. Nothing is acknowledged: see `PlacesConsumer`.

    Their `topic` is without `prefix`; their `tp` is what the brokers call it.

    They are taken from the stream's channel. A stream gives the event loop a turn for every message and looks for
    processors, sensors and acknowledgements, which takes longer than what an agent does with it. What it leaves out is
    left out here too: messages of before a rebalance.
    """
    app, turn = stream.app, 0
    async for event in cast(AsyncIterator[EventT[bytes]], stream.channel):
        message = event.message
        if message.generation_id == app.consumer_generation_id and app.flow_control.is_active():
            if prefix:
                message.topic = message.topic.removeprefix(prefix)
            yield message
        if (turn := turn + 1) % TURN == 0:
            await asyncio.sleep(0)


def header_pairs(message: Message) -> list[tuple[str, bytes]]:
    """The headers of a message as Kafka has them: pairs, in their order."""
    headers = message.headers or []
    return list(headers.items()) if isinstance(headers, Mapping) else list(headers)


class EdgeProducer(Producer):
    """A Faust producer that neither reorders nor doubles when it retries, for which Faust has no setting.

    It is told topics by their plain names, and puts the prefix on under which the brokers have them.
    """

    transport: EdgeTransport

    async def send(self, topic: str, *arguments: Any, **named: Any) -> Awaitable[Any]:
        try:
            return await super().send(self.transport.prefix + topic, *arguments, **named)
        except Exception:
            # Faust stops the producer before those who send. That is no surprise of which a worker should die: they
            # wait here until they are stopped, too.
            if self.should_stop:
                await asyncio.Event().wait()
            raise

    def _settings_extra(self) -> Mapping[str, Any]:
        return {"acks": "all", "enable_idempotence": True}


class EdgeTransport(Transport):
    """The transport with the consumer and the producer of this module, to brokers that have topics under `prefix`."""

    Consumer = PlacesConsumer
    Producer = EdgeProducer

    def __init__(self, url: list[URL], app: faust.App, prefix: str = "") -> None:
        super().__init__(url, app)
        self.prefix = prefix
