"""What the service tells of the models of a competition: its registry and its model events."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import orjson

from stream_app.brokers import Where
from stream_app.errors import InvalidInput
from stream_app.events import ModelEvent
from stream_app.topic_reader import read_to_end
from stream_app.topics import MODEL_EVENTS, REGISTRY

_TIMES = ("at", "issued_at")


async def registries(bootstrap: Where) -> dict[str, dict[str, Any]]:
    """The registry of every competition, by its name. Raises InvalidInput and Retryable like `read_to_end`."""
    found = {}
    async for record in read_to_end(bootstrap, [REGISTRY]):
        if record.value is not None:
            found[(record.key or b"").decode()] = orjson.loads(record.value)
    return dict(sorted(found.items()))


async def registry_of(bootstrap: Where, competition: str) -> dict[str, Any]:
    """The registry of one competition. Raises InvalidInput when there is none by that name."""
    found = await registries(bootstrap)
    if competition not in found:
        raise InvalidInput(f"competition {competition!r}: unknown; wanted one of {', '.join(found) or '(none yet)'}")
    return found[competition]


async def events_of(bootstrap: Where, competition: str) -> list[ModelEvent]:
    """The model events of one competition in their order, each once."""
    found: dict[int, ModelEvent] = {}
    async for record in read_to_end(bootstrap, [MODEL_EVENTS]):
        if record.key == competition.encode() and record.value is not None:
            told = orjson.loads(record.value)
            times = {name: told[name] and datetime.fromisoformat(told[name]) for name in _TIMES}
            found[told["number"]] = ModelEvent(**{**told, **times})
    return [found[number] for number in sorted(found)]
