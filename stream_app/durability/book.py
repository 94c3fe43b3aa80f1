"""A book: one league, and how far into the log it has read."""

from __future__ import annotations

from dataclasses import dataclass

from stream_app.contracts import Event, decode, encode
from stream_app.durability.artefact import handover_of
from stream_app.durability.log import NO_SOURCE, Entry
from stream_app.events import (
    Analytics,
    Configure,
    DecayAlert,
    Evaluation,
    Features,
    ModelCommand,
    ModelEvent,
    Prediction,
    Refusal,
    Registry,
    Result,
    Scoreboard,
)
from stream_app.league import League
from stream_app.topics import ANALYTICS, DECAY_ALERTS, EVALUATIONS, MODEL_EVENTS, PREDICTIONS, REGISTRY, SCOREBOARD

_TOPIC_OF: dict[type, str] = {
    Prediction: PREDICTIONS,
    Evaluation: EVALUATIONS,
    DecayAlert: DECAY_ALERTS,
    ModelEvent: MODEL_EVENTS,
    Scoreboard: SCOREBOARD,
    Analytics: ANALYTICS,
    Registry: REGISTRY,
}


@dataclass(frozen=True, slots=True)
class Published:
    """One output as it goes to Kafka; the key is the competition."""

    topic: str
    value: bytes


class Book:
    """One competition's league as a fold of the log.

    `position` is the log offset of the last entry that is in the league, -1 at first. What is applied depends on the
    entries alone: the same log gives the same league and the same bytes, whoever reads it and however often.
    """

    def __init__(self, competition: str) -> None:
        self.league = League(competition)
        self.position = -1
        self._read: dict[str, int] = {}

    def apply(self, offset: int, entry: Entry) -> list[Published]:
        """Apply the entry at log offset `offset` and return what the league publishes.

        An entry at or before `position`, or one whose source message is in the league already, changes nothing. Every
        appender takes the messages of an input in their order, so the highest source offset tells.
        """
        if offset <= self.position:
            return []
        self.position = offset
        if entry.source != NO_SOURCE:
            if entry.source_offset <= self._read.get(entry.source, -1):
                return []
            self._read[entry.source] = entry.source_offset
        event = decode(entry.kind, entry.payload)
        match event:
            case Features():
                outputs = self.league.predict(event)
            case Result():
                outputs = self.league.learn(event)
            case Configure():
                outputs = self.league.configure(event)
            case ModelCommand():
                outputs = self.league.command(event, handover_of(event))
            case Refusal():
                outputs = self.league.refuse(event)
        return [_published(output) for output in outputs]

    def scoreboard(self) -> Published:
        """The scoreboard as of the last entry: of all tables the one that costs little and is wanted often."""
        return _published(self.league.scoreboard())

    def tables(self) -> list[Published]:
        """All that others read of the league as of the last entry, each the whole value of its table."""
        return [_published(table) for table in self.league.tables()]


def _published(message: Event) -> Published:
    return Published(_TOPIC_OF[type(message)], encode(message))
