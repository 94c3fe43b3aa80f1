"""Who was champion when, by whom and why: read from the model events of a competition."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from stream_app.events import ModelEvent, ModelEventKind

CROWNING: frozenset[ModelEventKind] = frozenset({"registered", "promoted", "rolled_back", "reinforced"})
"""Events by which a version can become champion."""


def champion_at(events: Iterable[ModelEvent], time: datetime, latest: datetime | None) -> ModelEvent | None:
    """The event that made the version champion that was champion at `time`; None when there was none yet.

    Parameters
    ----------
    events
        Of one competition, in their order.
    latest
        The latest event time of the competition.
    """
    reigning = None
    for event in events:
        if event.kind in CROWNING and event.alias == "champion" and took_effect(event, latest) <= time:
            reigning = event
    return reigning


def took_effect(event: ModelEvent, latest: datetime | None) -> datetime:
    """From when on an event holds.

    In a competition that is followed as it is played, a command holds from the moment at which it was issued: that is
    later than the last match, and earlier than the next. In a replay of the past it holds from the time that the
    competition had reached, which the present of the person who gave it has nothing to do with; it shows by the
    competition having gone on, and still not having come to that present.
    """
    if event.issued_at is None or event.issued_at <= event.at:
        return event.at
    is_replay = latest is not None and event.at < latest < event.issued_at
    return event.at if is_replay else event.issued_at
