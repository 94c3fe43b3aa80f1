"""Bytes to events and back.

`parse` is the only door for what comes from outside: it checks against the schema and everything that the schema cannot
say. `decode` reads what has been through that door already. `encode` writes; its bytes are a function of the event.

When a JSON object names a field twice, the last one counts, here as in `decode`.
"""

from __future__ import annotations

import dataclasses
import math
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal

import jsonschema_rs
import orjson

from stream_app import schemas
from stream_app.errors import Fatal, InvalidInput
from stream_app.events import (
    Analytics,
    Configure,
    DecayAlert,
    Evaluation,
    Features,
    LeagueConfig,
    ModelCommand,
    ModelEvent,
    Prediction,
    Refusal,
    Registry,
    Result,
    Scoreboard,
)
from stream_app.topics import FEATURES, MODEL_COMMANDS, RESULTS

Kind = Literal["features", "result", "configure", "command", "refusal"]
"""What an entry of the match-log is."""

KIND_OF_TOPIC: Mapping[str, Kind] = {FEATURES: "features", RESULTS: "result", MODEL_COMMANDS: "command"}
"""What the messages of an input topic are called in the log."""

Input = Features | Result | ModelCommand
"""What comes in from others."""

Logged = Input | Configure | Refusal
"""What an entry of the match-log holds."""

Event = Logged | Prediction | Evaluation | DecayAlert | ModelEvent | Scoreboard | Analytics | Registry

COMMAND_MAX_BYTES = 1_000_000
"""Largest model command, whatever other messages may have: a state that is handed over has to fit."""

REASON_MAX = 500
"""Longest reason that `parse` gives, in characters: a header of a dead letter, read by people."""

_EXCERPT = 80
_PLAYED = ("final", "corrected")
_NEEDED: Mapping[str, tuple[str, ...]] = {
    "promote": ("model",),
    "propose": ("model", "version", "evidence"),
    "register": ("model",),
    "handover": ("model", "version", "artefact"),
    "retire": ("model",),
}
_ONLY: Mapping[str, tuple[str, ...]] = {
    "proposal_id": ("approve", "reject"),
    "algorithm": ("register",),
    "alias": ("register",),
    "artefact": ("handover",),
    "evidence": ("propose",),
}


def parse(topic: str, key: bytes | None, value: bytes | None, *, max_bytes: int) -> Input:
    """The message of the input topic `topic` as an event, when everything about it is right.

    Whatever the bytes are, it returns or raises InvalidInput.

    Parameters
    ----------
    key, value
        As Kafka has them.
    max_bytes
        Largest value that is looked at; a larger one is refused unread. Model commands may have `COMMAND_MAX_BYTES`.

    Raises
    ------
    InvalidInput
        The text names the field, its value and what would be right; it has at most `REASON_MAX` characters, all of
        them printable.
    """
    try:
        event = _checked(topic, value, COMMAND_MAX_BYTES if topic == MODEL_COMMANDS else max_bytes)
        _check_key(key, event)
    except InvalidInput as refused:
        raise InvalidInput(_printable(str(refused), REASON_MAX), refused.kind) from None
    return event


def decode(kind: Kind, payload: bytes) -> Logged:
    """The log entry of kind `kind`, taken at its word: `parse` or `encode` has seen these bytes before."""
    fields = orjson.loads(payload)
    if kind == "features":
        return _features(fields)
    if kind == "result":
        return _result(fields)
    if kind == "command":
        return _command(fields)
    if kind == "refusal":
        return Refusal(**{**fields, "issued_at": _utc(fields["issued_at"])})
    config = fields["config"]
    lists = {"models": tuple(config["models"])}
    if "odds" in config:
        lists["odds"] = tuple(tuple(names) for names in config["odds"])
    return Configure(fields["competition"], LeagueConfig(**{**config, **lists}))


def encode(event: Event) -> bytes:
    """`event` as JSON, its fields in their order and its times in UTC with Z.

    Raises
    ------
    Fatal
        A number is not finite, or a time has no zone: a defect of whoever made the event.
    """
    try:
        payload = orjson.dumps(event, default=_plain, option=orjson.OPT_PASSTHROUGH_DATETIME)
    except orjson.JSONEncodeError as error:
        raise Fatal(f"{type(event).__name__} cannot be written as JSON: {error.__cause__ or error}") from error
    # NaN and infinities turn into null. Any null beyond those of the event's own empty fields is looked into.
    if payload.count(b"null") != sum(getattr(event, field.name) is None for field in dataclasses.fields(event)):
        _refuse_non_finite(event, type(event).__name__)
    return payload


def event_time(event: Input) -> datetime:
    """The moment that `event` speaks of: when features were known, a result was so, a command was issued."""
    match event:
        case Features():
            return event.as_of
        case Result():
            return event.finished_at
        case ModelCommand():
            return event.issued_at


def _checked(topic: str, value: bytes | None, max_bytes: int) -> Input:
    if value is None:
        raise InvalidInput("value null: wanted a JSON object", "empty")
    if len(value) > max_bytes:
        raise InvalidInput(f"value of {len(value)} bytes: wanted at most {max_bytes}", "size")
    try:
        fields = orjson.loads(value)
    except orjson.JSONDecodeError as error:
        raise InvalidInput(f"value is not JSON: {error.msg} at character {error.pos}{_near(error)}", "json") from None
    try:
        schemas.validator(topic).validate(fields)
    except jsonschema_rs.ValidationError as error:
        raise InvalidInput(_what_is_wrong(topic, fields, error) + _which(fields), "schema") from None
    except ValueError as error:
        raise InvalidInput(
            f"value is nested too deeply ({error}): wanted a JSON object of flat fields", "schema"
        ) from None
    try:
        if topic == FEATURES:
            return _sensible_features(fields)
        return _sensible_result(fields) if topic == RESULTS else _sensible_command(fields)
    except InvalidInput as error:
        raise InvalidInput(f"{error}{_which(fields)}", error.kind) from None


def _sensible_features(fields: dict[str, Any]) -> Features:
    _check_times(fields, "kickoff", "as_of")
    event = _features(fields)
    _check_sides(event)
    if event.as_of > event.kickoff:
        raise InvalidInput(
            f"as_of {_excerpt(fields['as_of'])}: wanted a moment at or before kickoff, {_excerpt(fields['kickoff'])}"
        )
    return event


def _sensible_result(fields: dict[str, Any]) -> Result:
    _check_times(fields, "kickoff", "finished_at")
    event = _result(fields)
    _check_sides(event)
    if event.status in _PLAYED and event.finished_at < event.kickoff:
        raise InvalidInput(
            f"finished_at {_excerpt(fields['finished_at'])}: wanted a moment at or after kickoff, "
            f"{_excerpt(fields['kickoff'])}, because the status is {event.status}"
        )
    return event


def _sensible_command(fields: dict[str, Any]) -> ModelCommand:
    _check_times(fields, "issued_at")
    action = fields["action"]
    if action in ("approve", "reject") and fields.get("proposal_id") is fields.get("model") is None:
        raise InvalidInput(f"proposal_id is missing: wanted the proposal, or its model, to {action}")
    for name in _NEEDED.get(action, ()):
        if fields.get(name) is None:
            raise InvalidInput(
                f"{name} is missing: wanted {schemas.meaning(MODEL_COMMANDS, [name])}, to {action} a model"
            )
    for name, actions in _ONLY.items():
        if fields.get(name) is not None and action not in actions:
            raise InvalidInput(f"{name} is only for {' and '.join(actions)}: wanted none with {action}")
    return _command(fields)


def _check_times(fields: dict[str, Any], *names: str) -> None:
    """The schema knows how a time is written, the calendar knows whether there is such a day."""
    for name in names:
        try:
            datetime.fromisoformat(fields[name])
        except ValueError as error:
            raise InvalidInput(f"{name} {_excerpt(fields[name])}: {error}; wanted a day that exists") from None


def _check_sides(event: Features | Result) -> None:
    if event.home == event.away:
        raise InvalidInput(f"away {_excerpt(event.away)}: wanted another side than home, {_excerpt(event.home)}")


def _check_key(key: bytes | None, event: Input) -> None:
    if key != event.competition.encode():
        found = "null" if key is None else _excerpt(key.decode(errors="replace"))
        which = _which({name: getattr(event, name, None) for name in ("match_id", "command_id")})
        raise InvalidInput(f"key {found}: wanted the competition, {_excerpt(event.competition)}{which}", "key")


def _name(text: str) -> str:
    """`text` as the one object that all messages share: a league keeps the names of its teams some hundred times."""
    return sys.intern(text)


def _features(fields: dict[str, Any]) -> Features:
    given = fields.get("features")
    return Features(
        match_id=fields["match_id"],
        competition=fields["competition"],
        season=_name(fields["season"]),
        kickoff=_utc(fields["kickoff"]),
        as_of=_utc(fields["as_of"]),
        home=_name(fields["home"]),
        away=_name(fields["away"]),
        neutral=fields.get("neutral", False),
        importance=fields.get("importance", "competitive"),
        features=None if given is None else {name: float(number) for name, number in given.items()},
    )


def _result(fields: dict[str, Any]) -> Result:
    home_goals, away_goals = fields.get("home_goals"), fields.get("away_goals")
    return Result(
        match_id=fields["match_id"],
        competition=fields["competition"],
        season=_name(fields["season"]),
        kickoff=_utc(fields["kickoff"]),
        finished_at=_utc(fields["finished_at"]),
        home=_name(fields["home"]),
        away=_name(fields["away"]),
        status=fields["status"],
        # To JSON Schema 2.0 is an integer, too.
        home_goals=None if home_goals is None else int(home_goals),
        away_goals=None if away_goals is None else int(away_goals),
        neutral=fields.get("neutral", False),
        importance=fields.get("importance", "competitive"),
    )


def _command(fields: dict[str, Any]) -> ModelCommand:
    version = fields.get("version")
    return ModelCommand(
        **{
            **fields,
            "issued_at": _utc(fields["issued_at"]),
            # To JSON Schema 2.0 is an integer, too.
            "version": None if version is None else int(version),
        }
    )


def _utc(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        if value.utcoffset() is None:
            raise ValueError(f"time {value.isoformat()} has no zone")
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"there is no JSON for a {type(value).__name__}")


def _refuse_non_finite(value: object, path: str) -> None:
    if isinstance(value, float):
        if not math.isfinite(value):
            raise Fatal(f"{path} {value}: wanted a finite number")
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            _refuse_non_finite(getattr(value, field.name), f"{path}.{field.name}")
    elif isinstance(value, Mapping):
        for name, item in value.items():
            _refuse_non_finite(item, f"{path}[{name!r}]")
    elif isinstance(value, list | tuple):
        for place, item in enumerate(value):
            _refuse_non_finite(item, f"{path}[{place}]")


def _what_is_wrong(topic: str, fields: object, error: jsonschema_rs.ValidationError) -> str:
    kind, path = error.kind.as_dict(), error.instance_path
    match error.kind.name:
        case "required":
            missing = kind["property"]
            return f"{missing} is missing: wanted {schemas.meaning(topic, [*path, missing])}"
        case "additionalProperties":
            unknown = ", ".join(_excerpt(name) for name in kind["unexpected"][:3])
            return f"unknown field {unknown}: wanted none but {', '.join(schemas.schema(topic)['properties'])}"
        case "propertyNames":
            name = _excerpt(kind["error"].instance)
            return f"name {name} in {_dotted(path)}: wanted {schemas.meaning(topic, path, of_key=True)}"
    if not path:
        return f"value {_excerpt(fields)}: wanted a JSON object"
    return f"{_dotted(path)} {_excerpt(error.instance)}: wanted {schemas.meaning(topic, path)}"


def _dotted(path: list[str | int]) -> str:
    return ".".join(_printable(str(step), _EXCERPT) for step in path)


def _which(fields: object) -> str:
    """The match that a refused message speaks of, or the command that it is, as far as it says."""
    if isinstance(fields, dict):
        for what, name in (("match", "match_id"), ("command", "command_id")):
            if isinstance(fields.get(name), str):
                return f" ({what} {_excerpt(fields[name])})"
    return ""


def _near(error: orjson.JSONDecodeError) -> str:
    around = error.doc[max(error.pos - 20, 0) : error.pos + 20]
    return f", near {_excerpt(around)}" if around else ""


def _excerpt(value: object) -> str:
    """`value` as it would stand in JSON, cut short; of objects and arrays only the size."""
    if isinstance(value, dict):
        return f"an object of {len(value)} fields"
    if isinstance(value, list):
        return f"an array of {len(value)} items"
    text = value[: _EXCERPT + 1] if isinstance(value, str) else value
    return _printable(orjson.dumps(text).decode() if not isinstance(text, int) else str(text).lower(), _EXCERPT)


def _printable(text: str, limit: int) -> str:
    """`text` in at most `limit` characters, with escapes for those that a terminal would act upon."""
    shown = "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text[: limit + 1])
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"
