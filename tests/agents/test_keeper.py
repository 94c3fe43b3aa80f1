"""The keeper by itself: what it puts on record, and when, with a producer and tables that only remember."""

from __future__ import annotations

import asyncio
from typing import cast

import pytest

from stream_app.agents.faust_consumer import PlacesConsumer
from stream_app.agents.keeper import Keeper
from stream_app.agents.public_tables import SHARE
from stream_app.durability.snapshot import inspect, unpack
from stream_app.league.digest import digest
from tests.agents.remembering import (
    SETTINGS,
    Remembering,
    apply_everything,
    apply_next,
    on_record,
    started,
    tell,
    to_the_end,
)


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


async def test_features_go_before_what_other_leagues_learn_and_the_place_stays_at_the_first_entry_that_is_missing(
    keeper: Keeper, world: Remembering
) -> None:
    tell(keeper, "alpha", 0, 3)
    await apply_everything(keeper)
    world.out.clear()
    tell(keeper, "alpha", 0, 6, skip=4)
    tell(keeper, "beta", 0, 1, ahead=7)
    for _ in range(2):
        await apply_next(keeper)
    assert [key for topic, key in world.out if topic == "predictions"] == [b"beta"]
    assert keeper._checkpoints.places == {0: 4, 1: 0}

    await keeper._apply_waiting()
    await keeper.checkpoint()
    assert {key for topic, key in world.out if topic == "evaluations"} == {b"alpha"}
    assert on_record(world) == {0: (9, {"alpha": 6, "beta": 8})}


async def test_who_goes_on_from_a_checkpoint_amid_what_was_overtaken_applies_each_entry_once(
    keeper: Keeper, world: Remembering
) -> None:
    tell(keeper, "alpha", 0, 6)
    tell(keeper, "beta", 0, 1, ahead=7)
    for _ in range(4):
        await apply_next(keeper)
    await to_the_end(keeper._checkpoints.write(cast(PlacesConsumer, world)))
    assert on_record(world) == {0: (2, {"alpha": 1, "beta": 8})}
    world.in_memory = dict(world.snapshots)
    after_it = started(world)
    assert after_it._checkpoints.places == {0: 2, 1: 0}
    world.out.clear()
    await apply_everything(keeper)
    said, world.out = world.out, []
    assert {key for _, key in said} == {b"alpha"}

    tell(after_it, "alpha", 0, 6, skip=2)
    tell(after_it, "beta", 0, 1, ahead=7)
    await apply_everything(after_it)
    assert world.out == said
    assert after_it._checkpoints.places == keeper._checkpoints.places == {0: 9, 1: 0}
    for name in ("alpha", "beta"):
        assert digest(await after_it._shelf.book(name, 0)) == digest(await keeper._shelf.book(name, 0))


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
