"""What is told to somebody outside: a decay alert or a model event, in words and as it was published."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, get_args

import jsonschema_rs
import orjson

from stream_app import schemas
from stream_app.errors import InvalidInput
from stream_app.events import AlertKind, ModelEventKind
from stream_app.topics import DECAY_ALERTS, MODEL_EVENTS

TOPICS: tuple[str, ...] = (DECAY_ALERTS, MODEL_EVENTS)

NoticeSeverity = Literal["info", "warning", "critical"]
SEVERITIES: tuple[NoticeSeverity, ...] = get_args(NoticeSeverity)
"""From the least to the most urgent."""

KINDS: tuple[str, ...] = (*get_args(AlertKind), *get_args(ModelEventKind))

_WARNINGS: frozenset[ModelEventKind] = frozenset({"worsened", "rolled_back", "refused"})
"""Model events that somebody should look at; all others are news."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing to tell.

    Attributes
    ----------
    notice_id
        The id of the alert or event: told again, it is the same.
    kind
        Of the alert, or of the event.
    state
        Of an alert: raised, worsened, resolved. Of an event: empty.
    at
        The event time of which it speaks.
    title, text
        In words: one line, and all of it.
    event
        The message as it was published.
    """

    notice_id: str
    topic: str
    kind: str
    state: str
    severity: NoticeSeverity
    competition: str
    model: str
    at: datetime
    title: str
    text: str
    event: Mapping[str, Any]


def notice_of(topic: str, value: bytes | None) -> Notice:
    """The message `value` of `topic` as a notice.

    Raises
    ------
    InvalidInput
        It is no message of that topic.
    """
    try:
        event = orjson.loads(value or b"")
        schemas.validator(topic).validate(event)
    except (orjson.JSONDecodeError, jsonschema_rs.ValidationError) as error:
        reason = error.message if isinstance(error, jsonschema_rs.ValidationError) else error.msg
        raise InvalidInput(f"no message of {topic}: {reason}") from None
    return _alert(event) if topic == DECAY_ALERTS else _model_event(event)


def _alert(event: Mapping[str, Any]) -> Notice:
    title = f"{event['kind']} {event['state']}: {event['model']} in {event['competition']}"
    text = f"{event['message']}\nSeverity: {event['severity']}. Match: {event['match_id']}. At: {event['at']}."
    return Notice(
        notice_id=event["alert_id"],
        topic=DECAY_ALERTS,
        kind=event["kind"],
        state=event["state"],
        severity=event["severity"],
        competition=event["competition"],
        model=event["model"],
        at=datetime.fromisoformat(event["at"]),
        title=title,
        text=text,
        event=event,
    )


def _model_event(event: Mapping[str, Any]) -> Notice:
    model = event["model"] or "models"
    version = f" version {event['version']}" if event["version"] is not None else ""
    done = event["kind"].replace("_", " ")
    said = [f"{model}{version} in {event['competition']}: {done}, by {event['who']}."]
    said += [f"Why: {event['why']}"] if event["why"] else []
    said += [f"Reason: {event['reason']}"] if event["reason"] else []
    return Notice(
        notice_id=event["event_id"],
        topic=MODEL_EVENTS,
        kind=event["kind"],
        state="",
        severity="warning" if event["kind"] in _WARNINGS else "info",
        competition=event["competition"],
        model=model,
        at=datetime.fromisoformat(event["at"]),
        title=f"{done}: {model}{version} in {event['competition']}",
        text="\n".join([*said, f"At: {event['at']}."]),
        event=event,
    )
