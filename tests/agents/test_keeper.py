"""The keeper by itself: what it puts on record, and when, with a producer and tables that only remember."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from itertools import islice
from types import SimpleNamespace
from typing import cast

import faust
import pytest
from faust.types import TP, Message

from stream_app.agents import learn, predict
from stream_app.agents.keeper import Keeper
from stream_app.agents.ownership import Ownership
from stream_app.agents.punctuality import Punctuality
from stream_app.agents.tables import Tables
from stream_app.contracts import encode
from stream_app.durability.checkpoint import read_checkpoint
from stream_app.durability.guards import Fence
from stream_app.durability.log import Entry
from stream_app.events import Configure, Features
from stream_app.feeds.schedule import schedule
from stream_app.league.digest import digest
from stream_app.settings import load
from stream_app.topics import FEATURES, LOG, RESULTS
from tests.support.matches import endless

SETTINGS = load(models="base_rate")


def done() -> Awaitable[object]:
    confirmation: asyncio.Future[object] = asyncio.get_running_loop().create_future()
    confirmation.set_result(None)
    return confirmation


class Remembering:
    """The application, its producer, its consumer and its tables: everything that goes out, in its order.

    `interrupt` is called in the middle of every write of a checkpoint.
    """

    def __init__(self) -> None:
        self.producer = self.consumer = self
        self.out: list[tuple[str, object]] = []
        self.checkpoints: dict[int, bytes] = {}
        self.snapshots: dict[bytes, bytes] = {}
        self.interrupt: Callable[[], None] = lambda: None

    async def send(self, topic: str, key: bytes, *_: object) -> Awaitable[object]:
        self.out.append((topic, key))
        return done()

    async def put_snapshot(self, key: bytes, value: bytes, partition: int) -> Awaitable[object]:
        self.out.append(("snapshots", key))
        self.snapshots[key] = value
        return done()

    async def put_public(self, name: str, competition: str, value: bytes, partition: int) -> Awaitable[object]:
        self.out.append((name, competition.encode()))
        return done()

    async def put_checkpoint(self, partition: int, value: bytes) -> Awaitable[object]:
        self.interrupt()
        self.out.append(("checkpoints", partition))
        self.checkpoints[partition] = value
        return done()

    async def commit_places(self, places: dict[TP, int]) -> bool:
        self.out += [("commit", tp.partition) for tp in places]
        return True

    def checkpoint_of(self, partition: int) -> bytes | None:
        return None

    def snapshot_keys(self) -> list[bytes]:
        return []

    def snapshot(self, key: bytes) -> bytes | None:
        return self.snapshots.get(key)


@pytest.fixture
def world() -> Remembering:
    return Remembering()


@pytest.fixture
def keeper(world: Remembering) -> Keeper:
    fence = Fence(lambda: 0.0, 4.0)
    keeper = Keeper(cast(faust.App, world), SETTINGS, cast(Tables, world), Ownership(), fence, Punctuality())
    for partition in (0, 1):
        keeper.begin(partition, keeper.place_to_resume(partition, 0, 0), 0)
    return keeper


def tell(keeper: Keeper, competition: str, partition: int, events: int) -> None:
    """Offer the log of a competition: its configuration, then `events` features and results."""
    configure = Entry(
        "configure", competition, "settings", -1, encode(Configure(competition, SETTINGS.league_config("")))
    )
    entries = [configure]
    for offset, event in enumerate(islice(schedule(islice(endless(competition), events)), events)):
        is_features = isinstance(event, Features)
        kind, source = ("features", FEATURES) if is_features else ("result", RESULTS)
        entries.append(Entry(kind, competition, source, offset, encode(event)))  # type: ignore[arg-type]  # a literal
    for offset, entry in enumerate(entries):
        record = SimpleNamespace(
            topic=LOG, partition=partition, offset=offset, key=entry.key, value=entry.payload, headers=entry.headers()
        )
        for reader, kinds in (("predict", predict.KINDS), ("learn", learn.KINDS)):
            keeper.offer(reader, kinds, cast(Message, record))


async def apply_everything(keeper: Keeper) -> None:
    """Let the keeper apply what it was offered, and nothing else."""
    batch = keeper._barrier.take(1_000)
    await keeper._apply(batch)


async def test_partitions_that_are_taken_away_amid_a_checkpoint_end_it_and_nothing_is_committed(
    keeper: Keeper, world: Remembering
) -> None:
    tell(keeper, "alpha", 0, 5)
    tell(keeper, "beta", 1, 5)
    await apply_everything(keeper)

    def revoke() -> None:
        keeper._ownership.lose()
        keeper.clear()

    world.interrupt = revoke
    await keeper.checkpoint()

    assert [where for topic, where in world.out if topic == "checkpoints"] == [0]
    assert [topic for topic, _ in world.out if topic == "commit"] == []


async def test_a_checkpoint_names_the_place_and_the_last_entry_of_every_league(
    keeper: Keeper, world: Remembering
) -> None:
    tell(keeper, "alpha", 0, 5)
    tell(keeper, "beta", 1, 7)
    await apply_everything(keeper)
    await keeper.checkpoint()

    read = {partition: read_checkpoint(value) for partition, value in world.checkpoints.items()}
    assert {partition: (it.place, it.leagues) for partition, it in read.items() if it} == {
        0: (6, {"alpha": 5}),
        1: (8, {"beta": 7}),
    }


async def test_a_league_that_rests_leaves_memory_and_comes_back_as_it_was(
    keeper: Keeper, world: Remembering, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell(keeper, "alpha", 0, 5)
    await apply_everything(keeper)
    before = keeper._books["alpha"]
    monkeypatch.setattr("stream_app.agents.keeper.REST_S", 0.0)
    await keeper.checkpoint()
    assert keeper._books == {}

    again = await keeper._book("alpha", 0)
    assert again is not before
    assert digest(again) == digest(before)


async def test_everything_is_out_before_a_place_is_committed_the_tables_too(keeper: Keeper, world: Remembering) -> None:
    # A worker that died right after the commit would never come back to these entries.
    tell(keeper, "alpha", 0, 5)
    await apply_everything(keeper)
    await keeper.checkpoint()

    order = [topic for topic, _ in world.out]
    assert order[-6:] == ["scoreboard", "analytics", "registry", "snapshots", "checkpoints", "commit"]
    assert set(order[:-6]) <= {"predictions", "evaluations", "model-events"}

    # What is as it was is not told again.
    await keeper._public.publish_all()
    tell(keeper, "alpha", 0, 5)
    await apply_everything(keeper)
    await keeper._public.publish_all()
    assert [topic for topic, _ in world.out] == order
