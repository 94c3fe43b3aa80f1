"""What the tests of the keeper put in the place of the application, and how they fill and read it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from itertools import islice
from types import SimpleNamespace
from typing import cast

import faust
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

    `snapshots` are those that the brokers have, `in_memory` those in the worker's table. `interrupt` is called in the
    middle of every write of a checkpoint. What is sent to a topic in `withheld` arrives with `confirm` alone.
    """

    def __init__(self) -> None:
        self.producer = self.consumer = self
        self.out: list[tuple[str, object]] = []
        self.checkpoints: dict[int, bytes] = {}
        self.snapshots: dict[bytes, bytes] = {}
        self.in_memory: dict[bytes, bytes] = {}
        self.interrupt: Callable[[], None] = lambda: None
        self.withheld: set[str] = set()
        self.on_the_way: list[asyncio.Future[object]] = []
        self.full: list[tuple[str, TP]] = []

    def confirm(self) -> None:
        """The brokers have everything."""
        self.withheld.clear()
        for confirmation in self.on_the_way:
            confirmation.set_result(None)

    def on_buffer_full(self, tp: TP) -> None:
        self.full.append(("full", tp))

    def on_buffer_drop(self, tp: TP) -> None:
        self.full.append(("drop", tp))

    async def send(self, topic: str, key: bytes, *_: object) -> Awaitable[object]:
        self.out.append((topic, key))
        if topic not in self.withheld:
            return done()
        self.on_the_way.append(asyncio.get_running_loop().create_future())
        return self.on_the_way[-1]

    async def send_snapshot(self, key: bytes, value: bytes, partition: int) -> Awaitable[object]:
        self.out.append(("snapshots", key))
        self.snapshots[key] = value
        return done()

    def keep_snapshot(self, key: bytes, value: bytes) -> None:
        self.in_memory[key] = value

    def forget_snapshot(self, competition: str) -> None:
        self.in_memory.pop(competition.encode(), None)

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
        return self.checkpoints.get(partition)

    def snapshot_keys(self) -> list[bytes]:
        return list(self.in_memory)

    def snapshot(self, key: bytes) -> bytes | None:
        return self.in_memory.get(key)


def started(world: Remembering) -> Keeper:
    """A keeper that has just got both partitions and goes on from what `world` has on record."""
    fence = Fence(lambda: 0.0, 4.0)
    keeper = Keeper(cast(faust.App, world), SETTINGS, cast(Tables, world), Ownership(), fence, Punctuality())
    for partition in (0, 1):
        on_record = read_checkpoint(world.checkpoint_of(partition))
        committed = on_record.place if on_record else 0
        keeper.begin(partition, keeper.place_to_resume(partition, committed, 0), 0)
    return keeper


def tell(keeper: Keeper, competition: str, partition: int, events: int, skip: int = 0, ahead: int = 0) -> None:
    """Offer the log of a competition: its configuration, then `events` features and results, but the first `skip`.

    `ahead` entries of others stand in the log before the first one of those that are offered.
    """
    configure = Entry(
        "configure", competition, "settings", -1, encode(Configure(competition, SETTINGS.league_config("")))
    )
    entries = [configure]
    for offset, event in enumerate(islice(schedule(islice(endless(competition), events)), events)):
        is_features = isinstance(event, Features)
        kind, source = ("features", FEATURES) if is_features else ("result", RESULTS)
        entries.append(Entry(kind, competition, source, offset, encode(event)))  # type: ignore[arg-type]  # a literal
    for offset, entry in enumerate(entries[skip:], start=skip + ahead):
        record = SimpleNamespace(
            topic=LOG, partition=partition, offset=offset, key=entry.key, value=entry.payload, headers=entry.headers()
        )
        for reader, kinds in (("predict", predict.KINDS), ("learn", learn.KINDS)):
            keeper.offer(reader, kinds, cast(Message, record))


async def to_the_end(steps: AsyncGenerator[object, None]) -> None:
    """Take all steps, with nothing in between."""
    async for _ in steps:
        pass


def on_record(world: Remembering) -> dict[int, tuple[int, Mapping[str, int]]]:
    """Of each partition's last checkpoint, the place, and the last entry of every league."""
    read = {partition: read_checkpoint(value) for partition, value in world.checkpoints.items()}
    return {partition: (it.place, it.leagues) for partition, it in read.items() if it}


async def apply_next(keeper: Keeper) -> bool:
    """Let the keeper apply one of the entries that it was offered; whether there was one."""
    due = keeper._next()
    if due is not None:
        await keeper._apply(due)
    return due is not None


async def apply_everything(keeper: Keeper) -> None:
    """Let the keeper apply what it was offered, and nothing else."""
    while await apply_next(keeper):
        pass
