"""A league is in memory as itself or as its snapshot, not as both."""

from __future__ import annotations

import asyncio
from typing import cast

import faust
import pytest

from stream_app.agents import shelf
from stream_app.agents.keeper import Keeper
from stream_app.agents.ownership import Ownership
from stream_app.agents.punctuality import Punctuality
from stream_app.agents.tables import Tables
from stream_app.durability.guards import Fence
from stream_app.durability.snapshot import inspect, is_piece, is_whole, thaw, unpack
from stream_app.errors import Fatal
from stream_app.league.digest import digest
from tests.agents.remembering import SETTINGS, Remembering, apply_everything, tell, to_the_end

KEY = SETTINGS.snapshot_key.get_secret_value().encode()


@pytest.fixture
def no_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leagues leave memory as soon as all that they know is on record."""
    monkeypatch.setattr(shelf, "REST_S", 0.0)


def keeper_of(world: Remembering, piece_bytes: int, place: int = 0) -> Keeper:
    """A keeper of partition 0, which it reads from `place` on, that cuts snapshots into pieces of so many bytes."""
    settings = SETTINGS.model_copy(update={"snapshot_piece_bytes": piece_bytes})
    fence = Fence(lambda: 0.0, 4.0)
    keeper = Keeper(cast(faust.App, world), settings, cast(Tables, world), Ownership(), fence, Punctuality())
    keeper.place_to_resume(0, 0, 0)
    keeper.begin(0, place, place)
    return keeper


async def play(keeper: Keeper, events: int, skip: int = 0) -> None:
    tell(keeper, "alpha", 0, events, skip)
    await apply_everything(keeper)
    await keeper.checkpoint()


async def test_a_league_at_work_has_no_snapshot_in_memory_not_even_after_a_checkpoint(
    keeper: Keeper, world: Remembering
) -> None:
    await play(keeper, 5)
    assert world.in_memory == {}
    assert set(world.snapshots) == {b"alpha"}
    await play(keeper, 9, skip=6)
    assert world.in_memory == {}


async def test_a_league_that_comes_to_life_from_a_snapshot_takes_the_place_of_it(
    keeper: Keeper, world: Remembering
) -> None:
    await play(keeper, 5)
    known = keeper._shelf._books["alpha"]
    keeper.clear()
    world.in_memory.update(world.snapshots)  # as after a rebalance
    keeper.begin(0, keeper.place_to_resume(0, 6, 0), 6)

    assert digest(await keeper._shelf.book("alpha", 0)) == digest(known)
    assert world.in_memory == {}
    assert list(keeper._shelf._books) == ["alpha"]


async def test_a_league_that_rests_has_a_snapshot_in_memory_that_is_it_and_that_its_next_match_finds(
    keeper: Keeper, world: Remembering, no_rest: None
) -> None:
    tell(keeper, "alpha", 0, 5)
    await apply_everything(keeper)
    worked = keeper._shelf._books["alpha"]
    await keeper.checkpoint()
    sent = [topic for topic, _ in world.out].count("snapshots")

    assert keeper._shelf._books == {}
    blob = unpack("alpha", world.in_memory.get)
    assert inspect(blob, KEY) == inspect(unpack("alpha", world.snapshots.get), KEY)
    assert digest(thaw(blob, KEY)) == digest(worked)
    assert sent == 1  # to rest is no reason to send it again

    tell(keeper, "alpha", 0, 9, skip=6)
    await apply_everything(keeper)
    assert keeper._shelf._books["alpha"].position == 9
    assert world.in_memory == {}


async def test_a_large_snapshot_stays_in_memory_and_takes_turns_between_its_slots(
    world: Remembering, no_rest: None
) -> None:
    keeper = keeper_of(world, 1_000)
    slots: list[bytes] = []
    for events in (5, 9, 13):
        await play(keeper, events, skip=0 if events == 5 else events - 3)
        assert keeper._shelf._books == {}
        assert world.in_memory == world.snapshots
        assert any(is_piece(key) for key in world.in_memory)
        slots.append(world.snapshots[b"alpha"][:2])
        assert digest(await keeper._shelf.book("alpha", 0)) == digest(thaw(unpack("alpha", world.snapshots.get), KEY))
    assert slots == [b"Pa", b"Pb", b"Pa"]


async def test_a_league_whose_snapshot_has_become_small_rests_as_it_is_now(world: Remembering, no_rest: None) -> None:
    await play(keeper_of(world, 1_000), 5)
    keeper = keeper_of(world, 900_000, place=6)
    await play(keeper, 9, skip=6)
    assert is_whole(world.in_memory[b"alpha"])
    assert (await keeper._shelf.book("alpha", 0)).position == 9


async def test_of_leagues_that_rest_together_a_few_leave_memory_after_each_checkpoint(
    keeper: Keeper, world: Remembering, no_rest: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shelf, "AT_ONCE", 2)
    for name in ("alpha", "beta", "gamma"):
        await keeper._shelf.book(name, 0)
    left = [len(keeper._shelf._books)]
    while left[-1]:
        await keeper.checkpoint()
        left.append(len(keeper._shelf._books))
    assert left == [3, 1, 0]
    assert set(world.in_memory) == {b"alpha", b"beta", b"gamma"}


async def test_a_league_that_gets_an_entry_while_others_leave_memory_stays(
    keeper: Keeper, world: Remembering, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shelf, "REST_S", 0.05)
    for name, partition in (("alpha", 0), ("beta", 1)):
        tell(keeper, name, partition, 5)
    await apply_everything(keeper)
    await keeper.checkpoint()
    await asyncio.sleep(shelf.REST_S)

    resting = keeper._shelf.let_rest(keeper._checkpoints.is_pending)
    await anext(resting)
    tell(keeper, "beta", 1, 9, skip=6)
    await keeper._apply_waiting()
    await to_the_end(resting)
    assert list(keeper._shelf._books) == ["beta"]
    assert list(world.in_memory) == [b"alpha"]


async def test_a_league_that_has_got_lost_in_memory_is_fatal_and_does_not_begin_anew(
    keeper: Keeper, world: Remembering
) -> None:
    await play(keeper, 5)
    keeper._shelf.clear()
    tell(keeper, "alpha", 0, 9, skip=6)
    with pytest.raises(Fatal, match="'alpha' is in memory as of log offset -1, but was at 5 already"):
        await apply_everything(keeper)
