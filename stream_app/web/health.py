"""How fresh the view is, as a value that pages and browsers are told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Phase = Literal["connecting", "catching up", "live", "stale"]


@dataclass(frozen=True, slots=True)
class PartitionPlace:
    """How far one partition is read: offsets of its first message, the next one to be read, and its end."""

    topic: str
    partition: int
    beginning: int
    position: int
    end: int

    @property
    def behind(self) -> int:
        """Offsets that lie ahead unread."""
        return max(0, self.end - self.position)


@dataclass(frozen=True, slots=True)
class Health:
    """The state of the reading.

    Attributes
    ----------
    phase
        `connecting` until Kafka has answered for the first time, `catching up` until everything that was there then
        has been read, `live` from then on, `stale` while Kafka does not answer.
    since
        When the phase began (wall clock, UTC).
    detail
        For a person: what is the matter and what to do. Empty when nothing is.
    rate
        Messages read in a second, over the last look.
    """

    phase: Phase
    since: datetime
    detail: str = ""
    rate: float = 0.0
    places: tuple[PartitionPlace, ...] = ()

    @property
    def behind(self) -> int:
        """Offsets that lie ahead unread, in all partitions."""
        return sum(place.behind for place in self.places)

    @property
    def percent_read(self) -> int:
        """How much of what the topics hold has been read."""
        held = sum(place.end - place.beginning for place in self.places)
        return 100 if held <= 0 else int(100 * (held - self.behind) / held)
