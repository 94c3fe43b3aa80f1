"""Reads the fields of a message, and says what is wrong with one that is not as it should be."""

from __future__ import annotations

import math
import re
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from stream_app.errors import InvalidInput
from stream_app.events import OUTCOMES, Outcome

Message = Mapping[str, Any]

_EXCERPT = 80
# A line of a file and a text of a database hold any other character.
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_LARGEST_COUNT = 2**31 - 1


def text_in(source: Message, name: str) -> str:
    """The text in the field `name`, which has no control characters. Raises InvalidInput."""
    value = source.get(name)
    if not isinstance(value, str) or not value or _CONTROL.search(value):
        raise wrong(source, name, "a text without control characters")
    return value


def number_in(source: Message, name: str) -> float:
    """The finite number in the field `name`. Raises InvalidInput."""
    value = source.get(name)
    if not isinstance(value, float | int) or isinstance(value, bool) or not math.isfinite(value):
        raise wrong(source, name, "a finite number")
    return float(value)


def flag_in(source: Message, name: str) -> bool:
    """The truth in the field `name`. Raises InvalidInput."""
    value = source.get(name)
    if not isinstance(value, bool):
        raise wrong(source, name, "true or false")
    return value


def count_in(source: Message, name: str) -> int:
    """The whole number in the field `name`, from 0 to 2147483647. Raises InvalidInput."""
    value = source.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _LARGEST_COUNT:
        raise wrong(source, name, f"a whole number from 0 to {_LARGEST_COUNT}")
    return value


def outcome_in(source: Message, name: str) -> Outcome:
    """The outcome in the field `name`: H, D or A. Raises InvalidInput."""
    for outcome in OUTCOMES:
        if source.get(name) == outcome:
            return outcome
    raise wrong(source, name, "H, D or A")


def time_in(source: Message, name: str) -> datetime:
    """The moment in the field `name`, in UTC. Raises InvalidInput."""
    value = source.get(name)
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
        if moment is not None and moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise wrong(source, name, "a moment in ISO 8601 with Z or an offset")


def uuid_in(source: Message, name: str) -> str:
    """The UUID in the field `name`, in lower case. Raises InvalidInput."""
    value = source.get(name)
    try:
        if isinstance(value, str):
            return str(uuid.UUID(value))
    except ValueError:
        pass
    raise wrong(source, name, "a UUID")


def uuid_or_none_in(source: Message, name: str) -> str | None:
    """The UUID in the field `name`, None when it is empty. Raises InvalidInput."""
    return None if source.get(name) is None else uuid_in(source, name)


def wrong(source: Message, name: str, wanted: str) -> InvalidInput:
    """The error that names the field, shows its value and says what was wanted."""
    return InvalidInput(f"{name} {ascii(source.get(name))[:_EXCERPT]}: wanted {wanted}")
