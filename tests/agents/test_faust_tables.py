"""Recoveries begin with nothing, whatever came before, and end only in a worker that has its partitions."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import faust
import pytest
from faust.types import TP, EventT

from stream_app.agents.faust_tables import EdgeRecovery, EdgeTableManager

KEPT, NEW = TP("table", 0), TP("table", 1)


class Brokers:
    """A consumer of changelogs that begin at `earliest` and end at `end`."""

    earliest, end = 0, 9

    def __init__(self, recovery: EdgeRecovery) -> None:
        self._recovery = recovery
        self.flows = True

    async def come_to_rest(self) -> None:
        self.flows = False

    async def highwaters(self, *tps: TP) -> dict[TP, int]:
        # What had been taken from the queue already is noted by Faust at the next turns of the event loop.
        for tp in tps:
            self._recovery.active_offsets[tp] = 7
        return dict.fromkeys(tps, self.end)

    async def earliest_offsets(self, *tps: TP) -> dict[TP, int]:
        return dict.fromkeys(tps, self.earliest)


@pytest.fixture
def recovery() -> EdgeRecovery:
    app = faust.App("recovers", store="memory://", web_enabled=False, TableManager=EdgeTableManager)
    table = app.Table("table", key_type=bytes, value_type=bytes, partitions=2)
    recovery = cast(EdgeTableManager, app.tables).recovery
    assert isinstance(recovery, EdgeRecovery)
    table.data[b"stale"] = b"of before"
    message = SimpleNamespace(partition=0, value=b"of before")
    recovery.buffers[table].append(cast(EventT[Any], SimpleNamespace(key=b"stale", value=b"", message=message)))
    for tp in (KEPT, NEW):
        recovery.add_active(table, tp)
    recovery.active_offsets[KEPT] = 5
    app.flow_control.resume()
    return recovery


async def build(recovery: EdgeRecovery) -> Brokers:
    """The first steps of a recovery."""
    brokers = Brokers(recovery)
    tps, offsets = recovery.active_tps, recovery.active_offsets
    await recovery._build_highwaters(cast(Any, brokers), tps, recovery.active_highwaters, "active")
    await recovery._build_offsets(cast(Any, brokers), tps, offsets, "active")
    await recovery._build_offsets(cast(Any, brokers), recovery.standby_tps, recovery.standby_offsets, "standby")
    return brokers


@pytest.mark.parametrize("earliest", [0, 4])
async def test_a_recovery_reads_all_of_its_partitions_from_their_beginning_into_empty_tables(
    recovery: EdgeRecovery, monkeypatch: pytest.MonkeyPatch, earliest: int
) -> None:
    monkeypatch.setattr(Brokers, "earliest", earliest)
    await build(recovery)
    assert recovery.active_offsets == {KEPT: earliest - 1, NEW: earliest - 1}
    assert recovery.need_recovery()
    for table in recovery.tables.values():
        assert dict(table.data) == {}
        assert recovery.buffers[table] == []


async def test_nothing_flows_while_a_recovery_finds_out_where_to_read(recovery: EdgeRecovery) -> None:
    # What comes from an earlier one would be taken for all that is before it.
    brokers = await build(recovery)
    assert not brokers.flows
    assert not recovery.app.flow_control.is_active()


async def test_tables_are_not_called_complete_from_the_loss_of_partitions_until_the_next_are_assigned(
    recovery: EdgeRecovery, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[int] = []

    async def completed(_: object, generation_id: int = 0) -> None:
        told.append(generation_id)

    monkeypatch.setattr("faust.tables.recovery.Recovery.on_recovery_completed", completed)
    app = cast(Any, recovery.app)
    app.assignor = SimpleNamespace(assigned_standbys=set, assigned_actives=lambda: {KEPT, NEW})

    async def assign(generation_id: int) -> None:
        await recovery.on_rebalance({KEPT, NEW}, set(), set(), generation_id)
        await recovery.on_recovery_completed(generation_id)

    app.consumer_generation_id = 1
    await assign(1)
    recovery.on_partitions_revoked({KEPT, NEW})
    await recovery.on_recovery_completed(1)
    app.consumer_generation_id = 3
    await assign(2)  # which has been overtaken
    await assign(3)
    assert told == [1, 3]
