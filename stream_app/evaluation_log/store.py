"""What every store of the evaluation log is, and what is handed to it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from stream_app.evaluation_log.row import LogRow

TopicPartition = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Place:
    """How far a store has read one partition of a topic.

    `next_offset` is the first offset that it has not read. `last_offset` and `last_id` are those of the newest event
    that it has read: whoever finds another event there knows that it is another topic by the same name.
    """

    next_offset: int
    last_offset: int
    last_id: str


@dataclass(frozen=True, slots=True)
class Batch:
    """Events to keep, in the order of their offsets, and the places that a store has reached once it holds them."""

    rows: Sequence[LogRow]
    places: Mapping[TopicPartition, Place]


Refuse = Callable[[LogRow, str], Awaitable[None]]
"""What to do with a row that a store cannot hold, and the reason."""


class Store(Protocol):
    """One of the places where the log is kept.

    All methods raise Retryable when the store is away for the moment and InvalidInput when it was set up wrongly, and
    leave it as it was in both cases. After Retryable the store has to be opened again.
    """

    name: str

    async def open(self) -> None:
        """Make the store ready; brings what a crash has left behind in order."""

    async def places(self) -> dict[TopicPartition, Place]:
        """How far the store has read each partition."""

    async def append(self, batch: Batch, refuse: Refuse) -> int:
        """Keep the events that the store does not hold yet, durably; the number of those.

        An event that the store holds already, by its id, changes nothing. One that it cannot hold is given to `refuse`
        before the places are kept.
        """

    async def close(self) -> None:
        """Let go of the store."""
