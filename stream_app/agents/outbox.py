"""What is on its way to the brokers, in the order in which it was sent."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable
from contextlib import suppress


class Outbox:
    """Remembers what was sent until the brokers have it.

    `sent` counts everything that was ever put in. As a mark, taken at some moment, it stands for all of that.
    """

    def __init__(self) -> None:
        self.sent = 0
        self._on_the_way: deque[asyncio.Future[object]] = deque()

    def add(self, sent: Awaitable[object]) -> None:
        """Something is on its way; `sent` is done when the brokers have it."""
        self._on_the_way.append(asyncio.ensure_future(sent))
        self.sent += 1

    def clear(self) -> None:
        """Forget what is on its way, as if it had arrived: nobody will build on it."""
        self._on_the_way.clear()

    def __len__(self) -> int:
        return len(self._on_the_way)

    def arrived(self, mark: int) -> bool:
        """Whether the brokers have all that was sent before `mark`. Raises what one of these failed with."""
        while self._on_the_way and self._on_the_way[0].done():
            self._on_the_way.popleft().result()
        return self.sent - len(self._on_the_way) >= mark

    async def wait(self, mark: int, patience_s: float | None = None) -> None:
        """Wait until the brokers have all that was sent before `mark`, or until `patience_s` is over."""
        with suppress(TimeoutError):
            async with asyncio.timeout(patience_s):
                while not self.arrived(mark):
                    await asyncio.wait([self._on_the_way[0]])
