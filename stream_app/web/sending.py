"""Puts commands on their topic."""

from __future__ import annotations

import asyncio
from typing import Protocol

from aiokafka.errors import KafkaError

from stream_app import brokers
from stream_app.brokers import Where
from stream_app.contracts import COMMAND_MAX_BYTES, encode, parse
from stream_app.events import ModelCommand
from stream_app.topics import MODEL_COMMANDS

PATIENCE_S = 10.0
"""Seconds that the brokers have to take a command."""


class Sends(Protocol):
    """Whoever can put a command on its way."""

    async def __call__(self, command: ModelCommand) -> None:
        """Return when the brokers have `command`. Raises InvalidInput and Retryable like `Sender`."""


class Sender:
    """Sends commands, each over a connection of its own: they are rare."""

    def __init__(self, bootstrap: Where) -> None:
        self._bootstrap = bootstrap

    async def __call__(self, command: ModelCommand) -> None:
        """Return when the brokers have `command`.

        Raises
        ------
        InvalidInput
            The contract does not admit it.
        Retryable
            The brokers do not take it. It may be sent again: the same command twice is one command.
        """
        key, value = command.competition.encode(), encode(command)
        parse(MODEL_COMMANDS, key, value, max_bytes=COMMAND_MAX_BYTES)
        producer = brokers.producer(
            self._bootstrap,
            max_request_size=COMMAND_MAX_BYTES + 1024,
            request_timeout_ms=int(PATIENCE_S * 1000),
        )
        try:
            async with asyncio.timeout(PATIENCE_S):
                await producer.start()
                await producer.send_and_wait(MODEL_COMMANDS, value, key=key)
        except (KafkaError, TimeoutError) as error:
            # What was given up would be tried again for ever, and `stop` would wait for it.
            if (task := producer._sender.sender_task) is not None:
                task.cancel()
            said = f"Kafka at {self._bootstrap} does not take the command: {str(error) or 'no answer'}"
            raise brokers.trouble(self._bootstrap, error, said) from error
        finally:
            await producer.stop()
