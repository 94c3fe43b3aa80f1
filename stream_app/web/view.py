"""The tables of the live view, built from the output topics by one pure function: a message in, what changed out.

Nothing here reads Kafka, a clock or a file. The state is bounded: each competition holds its newest matches, alerts and
a line of bounded length, whatever the length of the topics.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from pydantic import TypeAdapter, ValidationError

from stream_app.durability.checkpoint import read_checkpoint
from stream_app.events import (
    Analytics,
    Comparison,
    DecayAlert,
    Evaluation,
    LeagueConfig,
    ModelEvent,
    Prediction,
    Registry,
    Scoreboard,
)
from stream_app.lifecycle.pooling import Pool
from stream_app.topics import (
    ANALYTICS,
    CHECKPOINTS,
    DEAD_LETTERS,
    DECAY_ALERTS,
    EVALUATIONS,
    MODEL_EVENTS,
    PREDICTIONS,
    REGISTRY,
    SCOREBOARD,
)
from stream_app.web.competition import CompetitionView
from stream_app.web.lineup import ALPHA
from stream_app.web.recent import RecentIds, slug

TOPICS_VIEWED: tuple[str, ...] = (
    PREDICTIONS,
    EVALUATIONS,
    DECAY_ALERTS,
    MODEL_EVENTS,
    SCOREBOARD,
    REGISTRY,
    ANALYTICS,
    DEAD_LETTERS,
    CHECKPOINTS,
)

IDS_REMEMBERED = 50_000
"""Ids held for each topic to drop what is published twice: what five workers publish between two checkpoints that come
as late as they may, after 20,000 entries, half of them features. It is most of what a view holds that has few
competitions: 190 bytes each."""

DEAD_LETTERS_KEPT = 200
PAYLOAD_SHOWN = 200
"""Bytes of a dead letter's payload that are kept to be looked at."""


class Record(Protocol):
    """What the view needs of a Kafka record."""

    @property
    def topic(self) -> str: ...
    @property
    def partition(self) -> int: ...
    @property
    def offset(self) -> int: ...
    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...
    @property
    def timestamp(self) -> int: ...
    @property
    def headers(self) -> Sequence[tuple[str, bytes]]: ...


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message that was refused: where it came from, why, and the beginning of what it said."""

    offset: int
    partition: int
    source: str
    reason: str
    key: str
    size: int
    beginning: str


@dataclass(frozen=True, slots=True)
class CheckpointSeen:
    """The last checkpoint of a partition: the first log offset that is not in it, its competitions, when it came."""

    partition: int
    place: int
    competitions: int
    at: datetime


@dataclass(slots=True)
class Counts:
    """Messages taken in since the process started, each id counted once."""

    predictions: int = 0
    evaluations: int = 0
    alerts: int = 0
    model_events: int = 0
    scoreboards: int = 0
    dead_letters: int = 0
    repeated: int = 0
    unreadable: int = 0


class View:
    """All tables of the live view.

    Parameters
    ----------
    window
        Matches over which the rolling lines are drawn.
    pooled
        The configuration of each competition, where all of them together decide who is proposed: then the view holds
        their evidence, too.
    alpha
        Probability with which each bound of that evidence may ever fail.
    """

    def __init__(self, window: int, pooled: Callable[[str], LeagueConfig] | None = None, alpha: float = ALPHA) -> None:
        self._window = window
        self._pooled = pooled
        self._alpha = alpha
        self.forget()

    def forget(self) -> None:
        """Start again with nothing."""
        self.counts = Counts()
        self.dead_letters: deque[DeadLetter] = deque(maxlen=DEAD_LETTERS_KEPT)
        self.checkpoints: dict[int, CheckpointSeen] = {}
        self._competitions: dict[str, CompetitionView] = {}
        self._slugs: dict[str, str] = {}
        self._changes = 0
        self._ids = {
            topic: RecentIds(IDS_REMEMBERED) for topic in (PREDICTIONS, EVALUATIONS, DECAY_ALERTS, MODEL_EVENTS)
        }
        self._evaluated = RecentIds(IDS_REMEMBERED)
        self._pool = None if self._pooled is None else Pool(self._pooled)

    @property
    def together(self) -> list[Comparison]:
        """What all competitions together show of every pair at work; nothing where each decides for itself."""
        return [] if self._pool is None else self._pool.comparisons(self._alpha)

    @property
    def competitions(self) -> list[CompetitionView]:
        """All competitions, by name."""
        return [self._competitions[name] for name in sorted(self._competitions)]

    def competition(self, competition_slug: str) -> CompetitionView | None:
        """The competition at this slug, None when nothing was heard of it."""
        name = self._slugs.get(competition_slug)
        return None if name is None else self._competitions[name]

    def apply(self, record: Record) -> str | None:
        """Take one record in.

        Returns the name of the competition whose tables changed, "" for what belongs to none (dead letters,
        checkpoints), None when nothing changed: a repeated message, an older scoreboard, or something unreadable,
        which is counted.
        """
        if record.topic == DEAD_LETTERS:
            self.dead_letters.append(_dead_letter(record))
            self.counts.dead_letters += 1
            return ""
        if record.topic == CHECKPOINTS:
            return self._take_checkpoint(record)
        if record.value is None:
            return None
        try:
            event = read_event(record.topic, record.value)
        except ValidationError:
            self.counts.unreadable += 1
            return None
        changed = self._take(event)
        if not changed:
            return None
        self._changes += 1
        self._competitions[event.competition].last_change = self._changes
        return event.competition

    def _take_checkpoint(self, record: Record) -> str | None:
        checkpoint = read_checkpoint(record.value)
        if checkpoint is None:
            self.counts.unreadable += 1
            return None
        at = datetime.fromtimestamp(record.timestamp / 1000, UTC)
        self.checkpoints[record.partition] = CheckpointSeen(
            record.partition, checkpoint.place, len(checkpoint.leagues), at
        )
        return ""

    def _take(self, event: _Event) -> bool:
        """Whether `event` was news."""
        if isinstance(event, Scoreboard | Registry | Analytics):
            return self._take_table(event)
        topic, identity = _named(event)
        if not self._ids[topic].add(identity):
            self.counts.repeated += 1
            return False
        competition = self._of(event.competition)
        match event:
            case Prediction():
                self.counts.predictions += 1
                self._take_prediction(competition, event)
            case Evaluation():
                self.counts.evaluations += 1
                self._evaluated.add(event.prediction_id)
                competition.take_evaluation(event)
                if self._pool is not None:
                    self._pool.hear(event)
            case DecayAlert():
                self.counts.alerts += 1
                competition.tick(event.at)
                competition.take_alert(event)
            case ModelEvent():
                self.counts.model_events += 1
                competition.tick(event.at)
                competition.lineup.take_event(event)
        return True

    def _take_prediction(self, competition: CompetitionView, prediction: Prediction) -> None:
        competition.tick(prediction.as_of)
        # The topics are read side by side, so an evaluation may be here, and its match gone again, before its
        # prediction comes. Such a match must not look open.
        gone = prediction.prediction_id in self._evaluated and competition.match(slug(prediction.match_id)) is None
        if not gone:
            competition.hold(prediction)
        competition.take_prediction(prediction)

    def _take_table(self, table: Scoreboard | Registry | Analytics) -> bool:
        """Put `table` in the place of the one that is held, unless that is the newer one or says the same."""
        competition = self._of(table.competition)
        held = competition.table(type(table))
        if held is not None and (_age(table) < _age(held) or table == held):
            self.counts.repeated += 1
            return False
        if isinstance(table, Scoreboard):
            self.counts.scoreboards += 1
        competition.take_table(table)
        if table.as_of is not None:
            competition.tick(table.as_of)
        return True

    def _of(self, name: str) -> CompetitionView:
        competition = self._competitions.get(name)
        if competition is None:
            competition = self._competitions[name] = CompetitionView(name, self._window)
            self._slugs[competition.slug] = name
        return competition


_Event = Prediction | Evaluation | DecayAlert | ModelEvent | Scoreboard | Registry | Analytics

_READERS: dict[str, TypeAdapter[Any]] = {
    PREDICTIONS: TypeAdapter(Prediction),
    EVALUATIONS: TypeAdapter(Evaluation),
    DECAY_ALERTS: TypeAdapter(DecayAlert),
    MODEL_EVENTS: TypeAdapter(ModelEvent),
    SCOREBOARD: TypeAdapter(Scoreboard),
    REGISTRY: TypeAdapter(Registry),
    ANALYTICS: TypeAdapter(Analytics),
}


def read_event(topic: str, payload: bytes | str) -> _Event:
    """The message of an output topic as an event. Raises pydantic's ValidationError for what is none."""
    event: _Event = _READERS[topic].validate_json(payload, strict=True)
    return event


def _named(event: Prediction | Evaluation | DecayAlert | ModelEvent) -> tuple[str, str]:
    """The topic that `event` is of, and its id."""
    match event:
        case Prediction():
            return PREDICTIONS, event.prediction_id
        case Evaluation():
            return EVALUATIONS, event.evaluation_id
        case DecayAlert():
            return DECAY_ALERTS, event.alert_id
        case ModelEvent():
            return MODEL_EVENTS, event.event_id


def _age(table: Scoreboard | Registry | Analytics) -> tuple[float, int]:
    # Event time first: a match that turns void takes `matches` back, though the board is newer.
    matches = table.matches if isinstance(table, Scoreboard | Analytics) else 0
    return (table.as_of.timestamp() if table.as_of else float("-inf"), matches)


def _dead_letter(record: Record) -> DeadLetter:
    headers = {name: content.decode(errors="replace") for name, content in record.headers}
    value = record.value or b""
    source = ":".join(headers.get(name, "?") for name in ("topic", "partition", "offset"))
    return DeadLetter(
        offset=record.offset,
        partition=record.partition,
        source=source,
        reason=headers.get("error", "no reason given"),
        key=(record.key or b"").decode(errors="replace")[:PAYLOAD_SHOWN],
        size=len(value),
        beginning=value[:PAYLOAD_SHOWN].decode(errors="replace"),
    )
