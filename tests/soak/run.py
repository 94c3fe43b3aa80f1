"""One soak: steady traffic through the whole service, samples on the way, and a count at the end."""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any

import asyncpg
import httpx
import orjson

from stream_app.evaluation_log.csv_log import read as read_csv
from stream_app.feeds import virtual
from stream_app.feeds.publisher import Publisher
from stream_app.feeds.replay import replay
from stream_app.topic_reader import read_to_end
from stream_app.topics import DEAD_LETTERS, EVALUATIONS, PREDICTIONS
from tests.soak.processes import Service
from tests.soak.verdict import Sample, Soak
from tests.support.waiting import until

SAMPLES = 60
"""Samples of a run, but no two of them more than `LONGEST_S` apart."""

LONGEST_S = 60.0
EVERY = timedelta(hours=1)
"""Event time between two rounds: short rounds fill what leagues remember for days soon."""

LOOKS_S = 6.0
"""Seconds within which the live view has looked at the consumer groups again, twice."""

DRAIN_S = 600.0
"""Longest time for all to read what is left when the traffic ends."""

ID_OF = {PREDICTIONS: "prediction_id", EVALUATIONS: "evaluation_id"}
KIND_OF = {"prediction": PREDICTIONS, "evaluation": EVALUATIONS}
"""The topics by what the evaluation log calls their events."""

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """How long a soak is, and its traffic: matches a second over so many competitions of so many teams."""

    minutes: float
    rate: float
    competitions: int
    teams: int

    @property
    def seconds(self) -> float:
        """Seconds of traffic."""
        return 60.0 * self.minutes

    def knobs(self) -> virtual.Knobs:
        """Virtual competitions whose last round ends the soak, and lies in the past."""
        rounds = math.ceil(self.rate * self.seconds / (self.competitions * self.teams / 2))
        today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        return virtual.Knobs(self.competitions, self.teams, rounds, EVERY, start=today - (rounds + 2) * EVERY)


async def soak(plan: Plan, service: Service, say: Say) -> Soak:
    """Do what `plan` says to `service`; `say` is told of each sample."""
    samples: list[Sample] = []
    ends: list[str] = []
    sent: Counter[str] = Counter()

    async with httpx.AsyncClient(base_url=service.address, timeout=30.0) as client, _viewer(service.address):
        feed = asyncio.create_task(_feed(service.broker.bootstrap, plan, sent))
        try:
            begun, pause = monotonic(), min(LONGEST_S, plan.seconds / SAMPLES)
            while not (await asyncio.wait({feed}, timeout=pause))[0]:
                ends += _told(service.restarted(), say)
                samples.append(Sample(monotonic() - begun, service.mib(), _behind(await _status(client))))
                say(_line(samples[-1], sent.total() // 2))
            await feed
            left = await _drained(client)
            ends += _told(service.restarted(), say)
        finally:
            feed.cancel()
    say("counting what has arrived")
    topics, records = await _in_topics(service.broker.bootstrap)
    found = {
        "topics": topics,
        "CSV": _counted(Counter(row.event_type for row in read_csv(service.data))),
        "database": _counted(await _in_database(service.database.url)),
    }
    refused = [record async for record in read_to_end(service.broker.bootstrap, [DEAD_LETTERS])]
    matches = sent["Result"] if sent["Result"] == sent["Features"] else -1
    return Soak(samples, matches, found, records, len(refused), left, list(service.children), ends)


async def _feed(bootstrap: str, plan: Plan, sent: Counter[str]) -> None:
    def count(event: object) -> None:
        sent[type(event).__name__] += 1

    async with Publisher(bootstrap) as publisher:
        await replay(virtual.matches(plan.knobs()), publisher, matches_a_second=plan.rate, on_sent=count)


def _told(ends: list[str], say: Say) -> list[str]:
    for end in ends:
        say(end)
    return ends


@asynccontextmanager
async def _viewer(address: str) -> AsyncIterator[None]:
    """A browser's stream of changes that is open all the time."""

    async def look() -> None:
        async with httpx.AsyncClient(timeout=None) as client:  # noqa: S113  it is open for hours
            while True:
                # As a browser does, it comes back when the live view was started again.
                with suppress(httpx.HTTPError):
                    async with client.stream("GET", f"{address}/live/now") as stream:
                        async for _ in stream.aiter_bytes():
                            pass
                await asyncio.sleep(1.0)

    looking = asyncio.create_task(look())
    try:
        yield
    finally:
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)


async def _status(client: httpx.AsyncClient) -> Mapping[str, Any]:
    """What the live view says of itself and of the groups; it may have been started just now."""
    status: dict[str, Any] = {}

    async def answers() -> bool:
        with suppress(httpx.HTTPError):
            status.update((await client.get("/api/v1/status")).raise_for_status().json())
        return bool(status)

    await until(answers, "the live view answers", DRAIN_S)
    return status


def _behind(status: Mapping[str, Any]) -> dict[str, int]:
    """How many messages each consumer group, and the live view itself, has before it."""
    groups = {group["name"]: sum(topic["behind"] for topic in group["topics"]) for group in status["groups"]}
    return {**groups, "web": status["behind"]}


async def _drained(client: httpx.AsyncClient) -> dict[str, int]:
    """What is left unread when nothing is any more, or when the time for it is over."""
    await asyncio.sleep(LOOKS_S)
    behind: dict[str, int] = {}

    async def nothing_left() -> bool:
        await asyncio.sleep(1.0)
        behind.update(_behind(await _status(client)))
        return not any(behind.values())

    with suppress(AssertionError):
        await until(nothing_left, "everything is read", DRAIN_S)
    return behind


async def _in_topics(bootstrap: str) -> tuple[dict[str, int], dict[str, int]]:
    """Different predictions and evaluations in the topics, and records of them."""
    ids: dict[str, set[str]] = {topic: set() for topic in ID_OF}
    records = dict.fromkeys(ID_OF, 0)
    async for record in read_to_end(bootstrap, list(ID_OF)):
        ids[record.topic].add(orjson.loads(record.value or b"")[ID_OF[record.topic]])
        records[record.topic] += 1
    return {topic: len(different) for topic, different in ids.items()}, records


async def _in_database(url: str) -> dict[str, int]:
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch("select event_type, count(*) as events from evaluation_log group by event_type")
    finally:
        await connection.close()
    return {row["event_type"]: row["events"] for row in rows}


def _counted(events: Mapping[str, int]) -> dict[str, int]:
    return {topic: events.get(kind, 0) for kind, topic in KIND_OF.items()}


def _line(sample: Sample, matches: int) -> str:
    memory = "  ".join(f"{name} {mib:.0f}" for name, mib in sample.mib.items())
    behind = "  ".join(f"{name} {count}" for name, count in sample.behind.items() if count)
    return f"{sample.at_s:7.0f} s  {matches:>8,} matches  MiB: {memory}  behind: {behind or 'nobody'}"
