"""Events as workers send them, and what the stores hold of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import asyncpg

from stream_app.contracts import encode
from stream_app.evaluation_log.csv_log import read
from stream_app.events import DecayAlert, Evaluation, ModelEvent, Prediction
from tests.evaluation_log.samples import TOPIC_OF, evaluation, prediction
from tests.support import topics

Event = Prediction | Evaluation | DecayAlert | ModelEvent
COMPETITIONS = ("bundesliga", "serie-a", "eredivisie")


def matches(count: int, start: int = 0) -> list[Event]:
    """A prediction and an evaluation of each of `count` matches, spread over the competitions."""
    events: list[Event] = []
    for number in range(start, start + count):
        of = prediction(number, competition=COMPETITIONS[number % 3])
        events += [of, evaluation(of)]
    return events


def messages(events: Sequence[Event]) -> list[topics.Message]:
    return [(TOPIC_OF[type(event)], event.competition.encode(), encode(event)) for event in events]


def event_id(event: Event) -> str:
    if isinstance(event, Prediction):
        return event.prediction_id
    if isinstance(event, Evaluation):
        return event.evaluation_id
    return event.alert_id if isinstance(event, DecayAlert) else event.event_id


def ids(events: Sequence[Event]) -> list[str]:
    return sorted(map(event_id, events))


def in_csv(folder: Path) -> list[str]:
    return sorted(row.event_id for row in read(folder))


def has(folder: Path, count: int) -> Callable[[], bool]:
    return lambda: len(in_csv(folder)) == count


def grown(file: Path, size: int) -> Callable[[], bool]:
    return lambda: file.exists() and file.stat().st_size > size


async def in_database(url: str) -> list[str]:
    connection = await asyncpg.connect(url)
    try:
        if not await connection.fetchval("select to_regclass('evaluation_log') is not null"):
            return []
        return [
            str(row["event_id"]) for row in await connection.fetch("select event_id from evaluation_log order by 1")
        ]
    finally:
        await connection.close()
