"""The keeper by itself: what it puts on record, and when, with a producer and tables that only remember."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from itertools import islice, pairwise
from types import SimpleNamespace
from typing import cast

import faust
import pytest
from faust.types import TP, Message

from stream_app.agents import learn, predict
from stream_app.agents.faust_consumer import PlacesConsumer
from stream_app.agents.keeper import FEW, TURN_S, TURNS, Keeper
from stream_app.agents.ownership import Ownership
from stream_app.agents.public_tables import SHARE
from stream_app.agents.punctuality import Punctuality
from stream_app.agents.tables import Tables
from stream_app.contracts import encode
from stream_app.durability.checkpoint import read_checkpoint
from stream_app.durability.guards import Fence
from stream_app.durability.log import Entry
from stream_app.durability.snapshot import inspect, unpack
from stream_app.events import Configure, Features
from stream_app.feeds.schedule import schedule
from stream_app.league.digest import digest
from stream_app.settings import load
from stream_app.topics import EVALUATIONS, FEATURES, LOG, PREDICTIONS, RESULTS
from tests.support.matches import endless

SETTINGS = load(models="base_rate")


def done() -> Awaitable[object]:
    confirmation: asyncio.Future[object] = asyncio.get_running_loop().create_future()
    confirmation.set_result(None)
    return confirmation


class Remembering:
    """The application, its producer, its consumer and its tables: everything that goes out, in its order.

    `interrupt` is called in the middle of every write of a checkpoint. What is sent to a topic in `withheld` arrives
    with `confirm` alone.
    """

    def __init__(self) -> None:
        self.producer = self.consumer = self
        self.out: list[tuple[str, object]] = []
        self.checkpoints: dict[int, bytes] = {}
        self.snapshots: dict[bytes, bytes] = {}
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


def tell(keeper: Keeper, competition: str, partition: int, events: int, skip: int = 0) -> None:
    """Offer the log of a competition: its configuration, then `events` features and results, but the first `skip`."""
    configure = Entry(
        "configure", competition, "settings", -1, encode(Configure(competition, SETTINGS.league_config("")))
    )
    entries = [configure]
    for offset, event in enumerate(islice(schedule(islice(endless(competition), events)), events)):
        is_features = isinstance(event, Features)
        kind, source = ("features", FEATURES) if is_features else ("result", RESULTS)
        entries.append(Entry(kind, competition, source, offset, encode(event)))  # type: ignore[arg-type]  # a literal
    for offset, entry in enumerate(entries[skip:], start=skip):
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

    assert on_record(world) == {
        0: (6, {"alpha": 5}),
        1: (8, {"beta": 7}),
    }


async def test_a_league_that_rests_leaves_memory_and_comes_back_as_it_was(
    keeper: Keeper, world: Remembering, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell(keeper, "alpha", 0, 5)
    await apply_everything(keeper)
    before = keeper._shelf._books["alpha"]
    monkeypatch.setattr("stream_app.agents.shelf.REST_S", 0.0)
    await keeper.checkpoint()
    assert keeper._shelf._books == {}

    again = await keeper._shelf.book("alpha", 0)
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
    await to_the_end(keeper._public.publish_all())
    tell(keeper, "alpha", 0, 5)
    await apply_everything(keeper)
    await to_the_end(keeper._public.publish_all())
    assert [topic for topic, _ in world.out] == order


async def test_what_comes_amid_a_checkpoint_is_applied_between_its_steps_and_belongs_to_the_next_one(
    keeper: Keeper, world: Remembering
) -> None:
    tell(keeper, "alpha", 0, 5)
    tell(keeper, "beta", 1, 5)
    await apply_everything(keeper)
    steps = keeper._checkpoints.write(cast(PlacesConsumer, world))
    await anext(steps)
    tell(keeper, "beta", 1, 9, skip=6)
    await keeper._apply_waiting()
    await to_the_end(steps)

    assert on_record(world) == {
        0: (6, {"alpha": 5}),
        1: (6, {"beta": 5}),
    }
    key = SETTINGS.snapshot_key.get_secret_value().encode()
    positions = {name: inspect(unpack(name, world.snapshots.get), key).position for name in ("alpha", "beta")}
    assert positions == {"alpha": 5, "beta": 9}
    assert not keeper._checkpoints.is_pending("alpha")
    assert keeper._checkpoints.is_pending("beta")
    await keeper.checkpoint()
    assert on_record(world)[1] == (10, {"beta": 9})


async def test_a_snapshot_is_written_only_when_the_brokers_have_what_its_league_has_published(
    keeper: Keeper, world: Remembering
) -> None:
    # Whoever starts from the snapshot does not apply these entries, and so would never publish it again.
    world.withheld = {"predictions", "evaluations"}
    tell(keeper, "alpha", 0, 5)
    await apply_everything(keeper)
    writing = asyncio.create_task(keeper.checkpoint())
    await asyncio.sleep(0.1)
    assert world.snapshots == {}
    world.confirm()
    await writing
    assert [topic for topic, _ in world.out][-3:] == ["snapshots", "checkpoints", "commit"]


async def test_a_league_that_has_changed_since_its_snapshot_stays_in_memory(
    keeper: Keeper, world: Remembering, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stream_app.agents.shelf.REST_S", 0.0)
    tell(keeper, "alpha", 0, 5)
    await apply_everything(keeper)

    def more() -> None:
        world.interrupt = lambda: None
        tell(keeper, "alpha", 0, 9, skip=6)

    world.interrupt = more
    await keeper.checkpoint()
    assert set(keeper._shelf._books) == {"alpha"}
    await keeper.checkpoint()
    assert keeper._shelf._books == {}


async def test_a_long_log_is_not_held_in_memory(
    keeper: Keeper, world: Remembering, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stream_app.agents.keeper.WAITING_FULL", 8)
    monkeypatch.setattr("stream_app.agents.keeper.WAITING_DROPPED", 4)
    tell(keeper, "alpha", 0, 5)
    assert world.full == []
    tell(keeper, "alpha", 0, 20, skip=6)
    assert world.full == [("full", TP(LOG, 0))]
    while await keeper._apply_waiting():
        pass
    assert world.full == [("full", TP(LOG, 0)), ("drop", TP(LOG, 0))]


class Pauses:
    """A clock that only the keeper's pauses move on, and only its steps of long work that of the processor.

    `comes` is called in every pause, a millisecond after its beginning, and says whether an entry has come.
    """

    def __init__(self, keeper: Keeper, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now, self.worked_s = 100.0, 0.0
        self.taken: list[float] = []
        self.comes: Callable[[], bool] = lambda: False
        monkeypatch.setattr("stream_app.agents.keeper.thread_time", lambda: self.worked_s)
        monkeypatch.setattr("stream_app.agents.keeper.monotonic", lambda: self.now)
        monkeypatch.setattr(keeper, "_wait_for_entries", self.pause)

    async def pause(self, until: float) -> None:
        end = self.now + 0.001 if self.comes() else until
        self.taken.append(end - self.now)
        self.now = end


async def test_the_event_loop_has_as_long_after_a_step_of_long_work_as_that_worked_whatever_it_waited_for(
    keeper: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A match takes a dozen turns from the brokers to the league and back; it must not wait for a step at each of them.
    clock = Pauses(keeper, monkeypatch)

    async def steps() -> AsyncGenerator[None, None]:
        for number in range(30):
            clock.worked_s += 0.005
            if number == 10:
                clock.now += 2 * TURN_S  # brokers that are away for a while
            yield

    await keeper._drive(steps(), keeper._apply_waiting)
    assert clock.taken == [pytest.approx(0.005)] * 30


async def test_what_comes_in_a_pause_of_long_work_is_applied_in_it_and_does_not_end_it(
    keeper: Keeper, world: Remembering, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Pauses(keeper, monkeypatch)
    told = iter((1, 2))

    def comes() -> bool:
        if (events := next(told, None)) is None:
            return False
        tell(keeper, "alpha", 0, events, skip=events if events > 1 else 0)
        return True

    clock.comes = comes
    predicted: list[int] = []

    async def steps() -> AsyncGenerator[None, None]:
        for _ in range(2):
            predicted.append([topic for topic, _ in world.out].count(PREDICTIONS))
            clock.worked_s += 0.005
            yield

    await keeper._drive(steps(), keeper._apply_waiting)
    assert predicted == [0, 2]
    assert clock.taken == [pytest.approx(it) for it in (0.001, 0.001, 0.003, 0.005)]


@pytest.mark.parametrize(("few", "turns"), [(FEW, TURNS), (0, 0)])
async def test_each_entry_is_followed_by_turns_of_the_event_loop_but_not_when_many_wait(
    keeper: Keeper, world: Remembering, monkeypatch: pytest.MonkeyPatch, few: int, turns: int
) -> None:
    monkeypatch.setattr("stream_app.agents.keeper.FEW", few)
    passed, at_output, is_over = 0, list[int](), False

    async def count() -> None:
        nonlocal passed
        while not is_over:
            passed += 1
            await asyncio.sleep(0)

    async def send(topic: str, *_: object) -> Awaitable[object]:
        if topic in (PREDICTIONS, EVALUATIONS):
            at_output.append(passed)
        return done()

    monkeypatch.setattr(world, "send", send)
    tell(keeper, "alpha", 0, 6)
    counting = asyncio.create_task(count())
    await keeper._apply_waiting()
    is_over = True
    await counting
    assert len(at_output) == 6
    assert {after - before for before, after in pairwise(at_output)} == {turns}


async def test_scoreboards_that_take_long_come_less_often(
    keeper: Keeper, world: Remembering, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As on a day on which hundreds of matches wait for their results, in each of forty competitions.
    moments = iter([0.0, 0.1, 0.1, 0.3])
    monkeypatch.setattr("stream_app.agents.public_tables.thread_time", lambda: next(moments))
    monkeypatch.setattr("stream_app.agents.public_tables.monotonic", lambda: 50.0)
    tell(keeper, "alpha", 0, 5)
    tell(keeper, "beta", 1, 5)
    await apply_everything(keeper)
    await to_the_end(keeper._public.publish_scoreboards())
    assert [topic for topic, _ in world.out].count("scoreboard") == 2
    assert keeper._public.scoreboards_due_at() is None
    tell(keeper, "beta", 1, 9, skip=6)
    await apply_everything(keeper)
    assert keeper._public.scoreboards_due_at() == pytest.approx(50.0 + (0.1 + 0.2) / SHARE)
