"""One event of the evaluation log as a row: the same columns, in the same order, in every store.

A row is a function of the message that it comes from. Its columns say the most important things of the message, those
of the champion model where it speaks of several; the whole message is in `metadata`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

import orjson

from stream_app.errors import InvalidInput
from stream_app.evaluation_log.fields import (
    Message,
    count_in,
    flag_in,
    number_in,
    outcome_in,
    text_in,
    time_in,
    uuid_in,
    uuid_or_none_in,
    wrong,
)
from stream_app.events import EventType
from stream_app.topics import DECAY_ALERTS, EVALUATIONS, MODEL_EVENTS, PREDICTIONS

# A zero character, as JSON writes it; after an odd number of backslashes it is no escape but plain text.
_ZERO = b"\\u0000"
_ZERO_ESCAPED = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")

Columns = dict[str, Any]


class LogRow(NamedTuple):
    """One event. A tuple, because rows are handed to the writers of both stores in bulk.

    Attributes
    ----------
    event_id
        UUID of the event; the same event has the same id however often it is sent.
    event_time
        The moment that the event speaks of.
    prediction_id
        The prediction that the event is about: its own id for a prediction, the joined one for an evaluation.
    supersedes
        The event of the same kind that this one replaces.
    status
        What the message says of itself: active, uncertain, blocked; final, corrected, void, expired; raised, worsened,
        resolved; proposed, promoted and the like.
    outcome, confidence, p_home, p_draw, p_away
        The champion's favourite outcome (H, D or A) and its probability, and the probabilities of all three.
    actual, hit, log_loss, rps, brier
        How the match ended, and how the champion fared (see `stream_app.evaluation.scoring`).
    content_hash
        SHA-256 of the message, in hexadecimal; see `content_hash`.
    kafka_topic, kafka_partition, kafka_offset, recorded_at
        The message that it came from, and its time stamp there; no topic when it did not come from Kafka.
    metadata
        The whole message as compact JSON.
    """

    event_id: str
    event_type: EventType
    event_time: datetime
    competition: str | None
    match_id: str | None
    model_id: str | None
    model_version: int | None
    prediction_id: str | None
    supersedes: str | None
    status: str | None
    outcome: str | None
    confidence: float | None
    p_home: float | None
    p_draw: float | None
    p_away: float | None
    actual: str | None
    hit: bool | None
    log_loss: float | None
    rps: float | None
    brier: float | None
    content_hash: str
    kafka_topic: str | None
    kafka_partition: int | None
    kafka_offset: int | None
    recorded_at: datetime
    metadata: str


COLUMNS: tuple[str, ...] = LogRow._fields


def iso(moment: datetime) -> str:
    """`moment` in ISO 8601, in UTC and with Z."""
    return moment.astimezone(UTC).isoformat().removesuffix("+00:00") + "Z"


def content_hash(message: Any) -> str:
    """SHA-256 of `message`, as parsed JSON, whatever the order of its fields and however it is spaced."""
    return hashlib.sha256(orjson.dumps(message, option=orjson.OPT_SORT_KEYS)).hexdigest()


def row_of(topic: str, partition: int, offset: int, timestamp_ms: int, value: bytes | None) -> LogRow:
    """The row of the message `value` of a topic that the log keeps.

    Fields that the row does not need may be there or not, so that a newer worker can write what an older log keeps.

    Raises
    ------
    InvalidInput
        The message is not JSON or a field that the row needs is wrong; the text names it.
    """
    try:
        message = orjson.loads(value or b"")
    except orjson.JSONDecodeError as error:
        raise InvalidInput(f"value is not JSON: {error.msg} at character {error.pos}") from None
    if not isinstance(message, dict):
        raise InvalidInput("value: wanted a JSON object")
    columns = _BY_TOPIC[topic](message) | {
        "content_hash": content_hash(message),
        "kafka_topic": topic,
        "kafka_partition": partition,
        "kafka_offset": offset,
        "recorded_at": datetime.fromtimestamp(timestamp_ms / 1000, UTC),
        "metadata": _compact(message),
    }
    return LogRow._make(map(columns.get, COLUMNS))


def own_row(columns: Columns, message: Message, now: datetime) -> LogRow:
    """The row of an event that comes from no topic, from those of its columns that it has, written down at `now`."""
    metadata = _compact(message)
    derived = {"content_hash": content_hash(message), "recorded_at": now, "metadata": metadata}
    return LogRow._make(map((columns | derived).get, COLUMNS))


def _compact(message: Message) -> str:
    try:
        compact = orjson.dumps(message)
    except TypeError as error:
        raise InvalidInput(f"metadata: {error}; wanted what JSON can say") from None
    if _ZERO in compact and _ZERO_ESCAPED.search(compact):
        raise InvalidInput("a text contains a zero character (\\u0000), which no store can hold")
    return compact.decode()


def _prediction(message: Message) -> Columns:
    champion = _champion(message)
    prediction_id = uuid_in(message, "prediction_id")
    columns = {
        "event_id": prediction_id,
        "event_type": "prediction",
        "event_time": time_in(message, "as_of"),
        "competition": text_in(message, "competition"),
        "match_id": text_in(message, "match_id"),
        "prediction_id": prediction_id,
        "supersedes": uuid_or_none_in(message, "supersedes"),
    }
    if champion:
        columns |= _forecast(champion) | {"status": text_in(champion, "status")}
    return columns


def _evaluation(message: Message) -> Columns:
    champion = _champion(message)
    supersedes = uuid_or_none_in(message, "supersedes")
    columns = {
        "event_id": uuid_in(message, "evaluation_id"),
        "event_type": "correction" if supersedes else "evaluation",
        "event_time": time_in(message, "evaluated_at"),
        "competition": text_in(message, "competition"),
        "match_id": text_in(message, "match_id"),
        "prediction_id": uuid_in(message, "prediction_id"),
        "supersedes": supersedes,
        "status": text_in(message, "status"),
        "actual": None if message.get("outcome") is None else outcome_in(message, "outcome"),
    }
    if champion:
        scores = {name: number_in(champion, name) for name in ("log_loss", "rps", "brier")}
        columns |= _forecast(champion) | {"hit": flag_in(champion, "hit")} | scores
    return columns


def _alert(message: Message) -> Columns:
    return {
        "event_id": uuid_in(message, "alert_id"),
        "event_type": "alert",
        "event_time": time_in(message, "at"),
        "competition": text_in(message, "competition"),
        "match_id": text_in(message, "match_id"),
        "model_id": text_in(message, "model"),
        "model_version": count_in(message, "version"),
        "status": text_in(message, "state"),
    }


_ABOUT: Mapping[str, EventType] = {
    "proposed": "promotion",
    "promoted": "promotion",
    "rejected": "promotion",
    "lapsed": "promotion",
    "worsened": "promotion",
    "rolled_back": "promotion",
    "reinforced": "reinforcement",
    "reinforcement_refused": "reinforcement",
}


def type_of_model_event(kind: str) -> EventType:
    """Under which type the log keeps a message of `model-events` of this kind."""
    return _ABOUT.get(kind, "model")


def _model_event(message: Message) -> Columns:
    kind = text_in(message, "kind")
    named = message.get("model") is not None
    return {
        "event_id": uuid_in(message, "event_id"),
        "event_type": type_of_model_event(kind),
        "event_time": time_in(message, "at"),
        "competition": text_in(message, "competition"),
        "model_id": text_in(message, "model") if named else None,
        "model_version": count_in(message, "version") if named and message.get("version") is not None else None,
        "status": kind,
    }


_BY_TOPIC: Mapping[str, Callable[[Message], Columns]] = {
    PREDICTIONS: _prediction,
    EVALUATIONS: _evaluation,
    DECAY_ALERTS: _alert,
    MODEL_EVENTS: _model_event,
}

LOGGED_TOPICS: tuple[str, ...] = tuple(_BY_TOPIC)
"""The topics whose messages the log keeps."""


def _champion(message: Message) -> Message | None:
    """What the message says of the champion; None when it says nothing of it."""
    models = message.get("models")
    if not isinstance(models, list) or not all(isinstance(model, dict) for model in models):
        raise wrong(message, "models", "a list of objects")
    return next((model for model in models if model.get("alias") == "champion"), None)


def _forecast(champion: Message) -> Columns:
    probabilities = champion.get("probabilities")
    if not isinstance(probabilities, dict):
        raise wrong(champion, "probabilities", "an object with H, D and A")
    outcome = outcome_in(champion, "outcome")
    return {
        "model_id": text_in(champion, "model"),
        "model_version": count_in(champion, "version"),
        "outcome": outcome,
        "confidence": number_in(probabilities, outcome),
        "p_home": number_in(probabilities, "H"),
        "p_draw": number_in(probabilities, "D"),
        "p_away": number_in(probabilities, "A"),
    }
