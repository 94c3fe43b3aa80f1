"""Messages as they come in, and how they are let in or refused."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from stream_app.contracts import parse
from stream_app.errors import InvalidInput
from stream_app.events import Features, Result
from stream_app.topics import FEATURES, MODEL_COMMANDS, RESULTS

MAX_BYTES = 256 * 1024
KEY = b"bundesliga"

FEATURES_MESSAGE: dict[str, Any] = {
    "match_id": "m1",
    "competition": "bundesliga",
    "season": "1963-64",
    "kickoff": "1963-08-24T14:30:00Z",
    "as_of": "1963-08-24T13:30:00Z",
    "home": "Werder Bremen",
    "away": "Borussia Dortmund",
}
RESULT_MESSAGE: dict[str, Any] = {
    "match_id": "m1",
    "competition": "bundesliga",
    "season": "1963-64",
    "kickoff": "1963-08-24T14:30:00Z",
    "finished_at": "1963-08-24T16:15:00Z",
    "home": "Werder Bremen",
    "away": "Borussia Dortmund",
    "status": "final",
    "home_goals": 3,
    "away_goals": 2,
}
COMMAND_MESSAGE: dict[str, Any] = {
    "command_id": "7d1c0f7e-51b6-4f6e-9a55-0e8f3c1f2b10",
    "competition": "bundesliga",
    "action": "promote",
    "issued_at": "1971-05-16T09:00:00Z",
    "who": "anna",
    "why": "better for two seasons",
    "model": "match_model_v1",
}
SAMPLE = {FEATURES: FEATURES_MESSAGE, RESULTS: RESULT_MESSAGE, MODEL_COMMANDS: COMMAND_MESSAGE}


def features(**changes: Any) -> Features:
    event = parse(FEATURES, KEY, orjson.dumps(FEATURES_MESSAGE | changes), max_bytes=MAX_BYTES)
    assert isinstance(event, Features)
    return event


def result(**changes: Any) -> Result:
    event = parse(RESULTS, KEY, orjson.dumps(RESULT_MESSAGE | changes), max_bytes=MAX_BYTES)
    assert isinstance(event, Result)
    return event


def without(topic: str, *names: str) -> bytes:
    return orjson.dumps({name: value for name, value in SAMPLE[topic].items() if name not in names})


def refusal(topic: str, key: bytes | None, value: bytes | None) -> str:
    with pytest.raises(InvalidInput) as refused:
        parse(topic, key, value, max_bytes=MAX_BYTES)
    return str(refused.value)


def refused(topic: str, /, **changes: Any) -> str:
    return refusal(topic, KEY, orjson.dumps(SAMPLE[topic] | changes))
