"""A log to damage, and what a comparison finds in it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import asyncpg

from stream_app.evaluation_log import reconcile as work
from stream_app.evaluation_log import sink
from stream_app.evaluation_log.csv_files import ACTIVE
from stream_app.evaluation_log.csv_log import CsvLog, read
from stream_app.evaluation_log.database import bring_up_to_date
from stream_app.evaluation_log.findings import Window
from stream_app.evaluation_log.postgres import PostgresLog
from stream_app.evaluation_log.report import Example, Group, Report
from stream_app.monitoring import Readiness
from tests.evaluation_log.samples import (
    alert,
    model_event,
    row,
)
from tests.evaluation_log.sent import event_id, matches
from tests.support.waiting import until

NOW = datetime(2024, 9, 1, tzinfo=UTC)
MATCHES = 20
EVENTS = [*matches(MATCHES), alert(), model_event("registered", 1), model_event("promoted", 2)]


@dataclass
class Log:
    """A log that the sink has filled with `EVENTS`, for a test to damage."""

    bootstrap: str
    database: str
    folder: Path

    @property
    def file(self) -> Path:
        return self.folder / ACTIVE

    @property
    def sides(self) -> work.Sides:
        return work.Sides(self.folder, self.database, self.bootstrap)

    async def reconcile(self, window: Window = Window(), *, repair: bool = False) -> Report:  # noqa: B008  a frozen value
        return await work.reconcile(self.sides, window, expire_after_days=30.0, repair=repair, now=NOW)

    async def execute(self, sql: str, *values: object) -> None:
        connection = await asyncpg.connect(self.database)
        try:
            await connection.execute(sql, *values)
        finally:
            await connection.close()

    def edit(self, change: Callable[[list[bytes]], list[bytes]]) -> None:
        """Change the lines of the file behind the sink's back; those of predictions come first."""
        head, *rest = self.file.read_bytes().splitlines(keepends=True)
        # Which topic the sink has read first is chance.
        rest.sort(key=lambda line: b",prediction," not in line)
        self.file.write_bytes(head + b"".join(change(rest)))

    async def fill(self, count: int) -> None:
        """Let a sink read until both stores hold `count` events."""
        stopped = asyncio.Event()
        stores = (CsvLog(self.folder), PostgresLog(self.database))
        async with asyncio.TaskGroup() as group:
            group.create_task(sink.run(self.bootstrap, "test", stores, stopped, Readiness()))

            async def full() -> bool:
                connection = await asyncpg.connect(self.database)
                try:
                    in_database = await connection.fetchval(
                        "select count(*) from evaluation_log where event_type <> 'repair'"
                    )
                finally:
                    await connection.close()
                in_file = {row.event_id for row in read(self.folder) if row.event_type != "repair"}
                return len(in_file) == count and in_database == count

            await until(lambda: (self.folder / ACTIVE).exists(), "the file is there")
            await bring_up_to_date(self.database)
            await until(full, f"both stores hold {count} events")
            stopped.set()


def found(report: Report) -> dict[tuple[str, str], int]:
    return {(group.side, group.defect): group.count for group in report.groups}


def only(report: Report) -> tuple[Group, Example]:
    (group,) = report.groups
    return group, group.examples[0]


async def assert_repaired(log: Log, expected: dict[tuple[str, str], int]) -> None:
    """What is wrong is `expected`, a repair puts all of it right, and then the stores say what the topics say."""
    assert found(await log.reconcile()) == expected
    report = await log.reconcile(repair=True)
    assert found(report) == expected
    assert report.clean
    again = await log.reconcile()
    assert found(again) == {}
    last = {row.event_id: row for row in read(log.folder) if row.event_type != "repair"}
    assert sorted(last) == sorted(map(event_id, EVENTS))
    truth = {event_id(event): row(event) for event in EVENTS}
    assert {id_: row.content_hash for id_, row in last.items()} == {id_: row.content_hash for id_, row in truth.items()}
    connection = await asyncpg.connect(log.database)
    for record in await connection.fetch("select * from evaluation_log where event_type <> 'repair'"):
        right = truth[str(record["event_id"])]
        assert (record["p_home"], record["hit"], record["status"]) == (right.p_home, right.hit, right.status)
        assert json.loads(record["metadata"]) == json.loads(right.metadata)
    repairs = await connection.fetchval("select count(*) from evaluation_log where event_type = 'repair'")
    assert repairs == sum(row.event_type == "repair" for row in read(log.folder))
    assert repairs > 0
    await connection.close()


async def compared(log: Log, *, repair: bool = False, with_database: bool = True) -> Report:
    sides = work.Sides(log.folder, log.database if with_database else None, None)
    return await work.reconcile(sides, Window(), expire_after_days=30.0, repair=repair, now=NOW)
