from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from stream_app.events import Alias, ModelEvent, ModelEventKind, name_id
from stream_app.lifecycle.history import champion_at, took_effect

SATURDAY = datetime(2024, 3, 2, 17, 0, tzinfo=UTC)
TUESDAY = SATURDAY + timedelta(days=3)
WEDNESDAY = SATURDAY + timedelta(days=4)


def event(
    kind: ModelEventKind,
    model: str,
    at: datetime,
    issued_at: datetime | None = None,
    alias: Alias | None = "champion",
    number: int = 1,
) -> ModelEvent:
    return ModelEvent(
        event_id=name_id("event", number),
        competition="cup",
        kind=kind,
        at=at,
        issued_at=issued_at,
        number=number,
        model=model,
        version=1,
        alias=alias,
        previous_model=None,
        previous_version=None,
        proposal_id=None,
        command_id=None,
        who="anna",
        why="for a test",
        reason=None,
        policy=None,
        evidence=None,
    )


FIRST = event("registered", "old", SATURDAY - timedelta(days=100))


def test_a_command_holds_from_when_it_was_issued_where_matches_are_followed_as_they_are_played() -> None:
    promoted = event("promoted", "new", SATURDAY, TUESDAY)
    for latest in (SATURDAY, WEDNESDAY):
        assert took_effect(promoted, latest) == TUESDAY


def test_a_command_amid_a_replay_of_the_past_holds_from_the_time_of_the_replay() -> None:
    today = datetime(2026, 1, 1, tzinfo=UTC)
    assert took_effect(event("promoted", "new", SATURDAY, today), WEDNESDAY) == SATURDAY


@pytest.mark.parametrize(
    ("time", "model"),
    [
        (SATURDAY - timedelta(days=101), None),
        (SATURDAY, "old"),
        (TUESDAY - timedelta(seconds=1), "old"),
        (TUESDAY, "new"),
        (WEDNESDAY, "newest"),
        (WEDNESDAY + timedelta(days=1), "newest"),
    ],
)
def test_history_knows_who_was_champion(time: datetime, model: str | None) -> None:
    events = [
        FIRST,
        event("registered", "new", SATURDAY, alias="challenger"),
        event("promoted", "new", SATURDAY, TUESDAY),
        event("worsened", "new", WEDNESDAY),
        event("rolled_back", "newest", WEDNESDAY),
        event("refused", "other", WEDNESDAY, alias=None),
    ]
    found = champion_at(events, time, WEDNESDAY)
    assert (None if found is None else found.model) == model


def test_without_events_there_was_no_champion() -> None:
    assert champion_at([], WEDNESDAY, None) is None
