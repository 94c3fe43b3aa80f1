"""Workers on a real broker, and what they have to publish."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg
import orjson
from aiokafka import AIOKafkaConsumer, TopicPartition

from stream_app.brokers import Where
from stream_app.contracts import encode
from stream_app.dev.process import Child
from stream_app.durability.snapshot import SnapshotRefused, inspect, unpack
from stream_app.events import (
    Analytics,
    Configure,
    DecayAlert,
    Evaluation,
    Features,
    ModelEvent,
    Output,
    Prediction,
    Registry,
    Result,
    Scoreboard,
)
from stream_app.feeds.datasets import PlayedMatch
from stream_app.feeds.publisher import Publisher
from stream_app.feeds.schedule import schedule
from stream_app.league import League
from stream_app.settings import load
from stream_app.topics import (
    ANALYTICS,
    DECAY_ALERTS,
    EVALUATIONS,
    LOG,
    MODEL_EVENTS,
    PREDICTIONS,
    REGISTRY,
    SCOREBOARD,
    SNAPSHOTS,
)
from tests.support import programs, topics
from tests.support.waiting import PATIENCE_S, until

ID_OF = {PREDICTIONS: "prediction_id", EVALUATIONS: "evaluation_id", DECAY_ALERTS: "alert_id", MODEL_EVENTS: "event_id"}
TOPIC_OF: dict[type, str] = {
    Prediction: PREDICTIONS,
    Evaluation: EVALUATIONS,
    DecayAlert: DECAY_ALERTS,
    ModelEvent: MODEL_EVENTS,
}

TABLE_OF: dict[type, str] = {Scoreboard: SCOREBOARD, Analytics: ANALYTICS, Registry: REGISTRY}


@dataclass
class Published:
    """What topics hold: the values by topic and id, how often each came, and whether one came in two versions."""

    values: dict[str, dict[str, bytes]] = field(default_factory=lambda: {topic: {} for topic in ID_OF})
    tables: dict[tuple[str, str], bytes] = field(default_factory=dict)
    """The last value of each public table, by its topic and the competition."""
    records: int = 0
    differing: list[str] = field(default_factory=list)

    def add(self, topic: str, value: bytes) -> None:
        """Count one message in."""
        name = orjson.loads(value)[ID_OF[topic]]
        if self.values[topic].setdefault(name, value) != value:
            self.differing.append(name)
        self.records += 1

    def count(self, topic: str) -> int:
        """Different messages of `topic`."""
        return len(self.values[topic])


def expected(matches: Iterable[PlayedMatch]) -> Published:
    """What the leagues say of `matches`, without any Kafka."""
    leagues: dict[str, League] = {}
    said = Published()
    for event in schedule(matches):
        outputs: list[Output] = []
        league = leagues.get(event.competition)
        if league is None:
            league = leagues[event.competition] = League(event.competition)
            outputs += league.configure(Configure(event.competition, load().league_config(event.competition)))
        outputs += league.predict(event) if isinstance(event, Features) else league.learn(event)
        for output in outputs:
            said.add(TOPIC_OF[type(output)], encode(output))
    for competition, league in leagues.items():
        said.tables |= {(TABLE_OF[type(table)], competition): encode(table) for table in league.tables()}
    return said


async def tables(bootstrap: str) -> dict[tuple[str, str], bytes]:
    """The last value of each public table, by its topic and the competition."""
    records = await topics.read_all(bootstrap, *TABLE_OF.values())
    return {(record.topic, (record.key or b"").decode()): record.value or b"" for record in records}


async def published(bootstrap: str) -> Published:
    """What the output topics hold now."""
    found = Published()
    for record in await topics.read_all(bootstrap, *ID_OF):
        assert record.value is not None
        found.add(record.topic, record.value)
    return found


async def until_published(bootstrap: str, topic: str, count: int, timeout_s: float = PATIENCE_S) -> Published:
    """Wait until `topic` has `count` different messages, and return what all output topics hold then."""
    seen = Published()
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False)
    await consumer.start()
    try:
        await consumer._client.force_metadata_update()
        partitions = [TopicPartition(topic, number) for number in consumer.partitions_for_topic(topic) or ()]
        consumer.assign(partitions)
        await consumer.seek_to_beginning(*partitions)

        async def enough() -> bool:
            for records in (await consumer.getmany(*partitions, timeout_ms=200)).values():
                for record in records:
                    seen.add(topic, record.value)
            return seen.count(topic) >= count

        await until(enough, f"{topic} has {count} messages", timeout_s)
    finally:
        await consumer.stop()
    return await published(bootstrap)


async def until_snapshots(bootstrap: str, key: bytes, *competitions: str, entries: int = 1) -> dict[str, bytes]:
    """Wait until the log has `entries` entries and each competition a snapshot of its last one, and return those.

    What they hold is for `verify` to say, which learns the whole log anew and so is no way to wait.
    """
    found: dict[str, bytes] = {}

    async def up_to_date() -> bool:
        log = await topics.read_all(bootstrap, LOG)
        records = {record.key: record.value for record in await topics.read_all(bootstrap, SNAPSHOTS)}
        last = {(record.key or b"").decode(): record.offset for record in log}
        with suppress(SnapshotRefused):
            found.update({name: unpack(name, records.get) for name in competitions})
            # A snapshot of some time ago is right too: it has to be the one of the last entry.
            return len(log) >= entries and last == {name: inspect(found[name], key).position for name in competitions}
        return False

    await until(up_to_date, "all snapshots are written")
    return found


async def send(bootstrap: Where, events: Iterable[Features | Result]) -> None:
    """Send `events` as a feed does, and return when the broker has them all."""
    async with Publisher(bootstrap) as feed:
        for event in events:
            await feed.send(event)


@contextmanager
def worker(bootstrap: str, folder: Path, name: str = "one", **settings: object) -> Iterator[Child]:
    """A running worker process of the group `folder`; its output is in `folder/name/worker.log`."""
    own = folder / name
    own.mkdir(exist_ok=True)
    env = programs.environment(kafka=bootstrap, app_id=f"app-{folder.name}", **settings)
    with programs.running("worker", cwd=own, env=env) as child:
        yield child


def owned_partitions(child: Child) -> list[int]:
    """The partitions that a worker last said it is ready with."""
    said = re.findall(r"ready: partitions \[([\d, ]*)\]", child.log.read_text(encoding="utf-8"))
    return [int(number) for number in said[-1].split(",") if number.strip()] if said else []


async def until_kept(bootstrap: str, database: str, matches: int) -> None:
    """Wait until `matches` matches are scored, in the topics and in the database's evaluation log."""
    await until_published(bootstrap, EVALUATIONS, matches)
    connection = await asyncpg.connect(database)
    try:
        kept = "select count(*) from evaluation_log where event_type = 'evaluation'"

        async def in_database() -> bool:
            return bool(await connection.fetchval(kept) == matches)

        await until(in_database, f"the database has {matches} evaluations")
    finally:
        await connection.close()
