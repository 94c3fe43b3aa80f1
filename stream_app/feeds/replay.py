"""Sends an ordered stream of events, as fast as the brokers take it or at a set pace."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Iterable
from time import monotonic
from typing import Protocol

from stream_app.errors import InvalidInput
from stream_app.events import Features, Result

MESSAGES_A_MATCH = 2
"""A match is told of twice: its features before it, its result after it."""


def pace(text: str) -> float | None:
    """`text` as matches a second; None for `max`, as fast as the brokers take them. Raises InvalidInput."""
    if text == "max":
        return None
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not (math.isfinite(number) and number > 0):
        raise InvalidInput(f"speed {text!r}: wanted `max`, or a number of matches a second above 0")
    return number


class Sink(Protocol):
    """Where events go: in the service a `Publisher`."""

    async def send(self, event: Features | Result) -> None:
        """Take `event`; wait when too much is on its way."""

    async def flush(self) -> None:
        """Return when everything has arrived."""


async def replay(
    events: Iterable[Features | Result],
    sink: Sink,
    *,
    matches_a_second: float | None = None,
    due: Callable[[Features | Result], float] | None = None,
    on_sent: Callable[[Features | Result], None],
    clock: Callable[[], float] = monotonic,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> None:
    """Send `events` in their order and return when all have arrived.

    Parameters
    ----------
    events
        Taken one by one as they are sent, so they may be more than fit into memory.
    matches_a_second
        Pace, with two messages a match; None for no pause at all. What a slow sink has held up is made up for.
    due
        In place of a pace: the second after the beginning at which an event is sent. What is due already is sent at
        once, in its turn.
    on_sent
        Told of every event that was handed over, for a progress bar.
    clock, sleep
        Seconds since whenever, and the wait for some of them.

    Raises
    ------
    Retryable
        The brokers do not take them.
    """
    begin = clock()
    for number, event in enumerate(events):
        at = due(event) if due else number / (matches_a_second * MESSAGES_A_MATCH) if matches_a_second else 0.0
        if (early := begin + at - clock()) > 0:
            await sleep(early)
        await sink.send(event)
        on_sent(event)
    await sink.flush()
