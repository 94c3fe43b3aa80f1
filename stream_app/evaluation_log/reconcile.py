"""Holds the CSV files, the database and the topics against each other, and puts right what differs."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack, aclosing
from datetime import datetime, timedelta
from itertools import islice

import asyncpg
import orjson

from stream_app.errors import InvalidInput
from stream_app.evaluation_log import csv_files, csv_index, csv_side, postgres, postgres_side, topics_side
from stream_app.evaluation_log.comparison import Comparison
from stream_app.evaluation_log.csv_log import INDEX, CsvLog
from stream_app.evaluation_log.csv_side import CsvSide
from stream_app.evaluation_log.database import connected, missing_migrations
from stream_app.evaluation_log.findings import Facts, Finding, Range, Side, StoreName, Window, facts_of
from stream_app.evaluation_log.repair import Overwritable, Repairer
from stream_app.evaluation_log.report import EXAMPLES, Example, Group, Note, Report
from stream_app.evaluation_log.row import COLUMNS, LogRow, iso
from stream_app.evaluation_log.sides import Sides, sides_of
from stream_app.evaluation_log.store import Place, TopicPartition
from stream_app.evaluation_log.topics_side import Topics

__all__ = ["Sides", "reconcile", "sides_of"]

log = logging.getLogger(__name__)

# A worker reports a prediction as expired when an event shows that its time is up; give it a day of events for that.
_OVERDUE_GRACE = timedelta(days=1)
_TORN_LOOK_S = 0.3
_MARKED_TOGETHER = 10_000
_SOURCES = ("kafka_topic", "kafka_partition", "kafka_offset", "recorded_at", "metadata")


async def reconcile(
    sides: Sides, window: Window, *, expire_after_days: float, repair: bool = False, now: datetime
) -> Report:
    """Compare `sides` and, if `repair`, put right what can be.

    Reads only, except for repairs; a sink may be at work at the same time.

    Parameters
    ----------
    window
        Which events are looked at.
    expire_after_days
        Days after kickoff at which a worker gives up waiting for a result.
    now
        The time that repairs are written down with.

    Raises
    ------
    InvalidInput
        A topic or the database's tables are missing.
    Retryable
        Kafka or the database is away.
    """
    async with AsyncExitStack() as stack:
        if sides.database_url and await missing_migrations(sides.database_url):
            raise InvalidInput("the database's tables are not up to date: run `stream-app db migrate`")
        connection = await stack.enter_async_context(connected(sides.database_url)) if sides.database_url else None
        comparison = Comparison(sides.stores)
        stack.callback(comparison.close)
        work = _Reconciliation(sides, comparison, connection, window)
        return await work.run(timedelta(days=expire_after_days) + _OVERDUE_GRACE, now if repair else None)


class _Reconciliation:
    """One comparison of the sides, from the first look to the report."""

    def __init__(
        self, sides: Sides, comparison: Comparison, connection: asyncpg.Connection | None, window: Window
    ) -> None:
        self._sides = sides
        self._comparison = comparison
        self._connection = connection
        self._window = window
        self._csv = CsvSide(sides.folder)
        self._topics: Topics | None = None

    async def run(self, overdue_after: timedelta, repair_at: datetime | None) -> Report:
        """Compare, repair as of `repair_at` if that is given, and report."""
        await self._pour()
        findings = self._comparison.findings(self._window)
        while part := list(islice(findings, _MARKED_TOGETHER)):
            self._comparison.mark(part)
        torn = await self._is_torn()
        unreadable = self._csv.unreadable()
        stand = await self._stand_of_examples()
        right: dict[bytes, LogRow] = {}
        async with AsyncExitStack() as stack:
            repairer = await self._repairer(stack, repair_at) if repair_at else None
            async with aclosing(self._proofs()) as proofs:
                async for proof, rows in proofs:
                    right |= {id_: row for row in rows if (id_ := uuid.UUID(row.event_id).bytes) in stand}
                    if repairer:
                        await repairer.put_right(rows, proof)
            if repairer:
                await repairer.settle_lines([line.checksum for line in unreadable])
        groups = [
            Group(
                side,
                defect,
                count,
                repaired,
                [
                    _example(finding, stand.get(finding.event_id, {}).get(side), right.get(finding.event_id))
                    for finding in self._comparison.examples(side, defect, EXAMPLES)
                ],
            )
            for side, defect, count, repaired in self._comparison.marked()
        ]
        if unreadable or torn:
            # Making the file ready to be repaired has cut a torn line off.
            places = [f"{line.file}, line {line.line}" for line in unreadable] + ["the last line is torn"] * torn
            examples = [Example(None, None, None, (), None, place) for place in places[:EXAMPLES]]
            groups.append(Group("csv", "unreadable", len(places), len(places) if repairer else 0, examples))
        return self._report(groups, overdue_after)

    async def _pour(self) -> None:
        """Pour all sides into the comparison.

        What a store has read is asked before the topics are looked at, and its events after that, so that a sink that
        is at work all the while makes no difference.
        """
        csv_places = await asyncio.to_thread(csv_index.places_in, self._sides.folder / INDEX)
        postgres_places = await postgres.places_in(self._connection) if self._connection else {}
        ranges: dict[TopicPartition, Range] = {}
        if self._sides.bootstrap:
            self._topics = await topics_side.look(self._sides.bootstrap)
            ranges = dict(self._topics.ranges)
            for places in (csv_places, postgres_places):
                for tp, place in (places or {}).items():
                    # A store that has read past the end of a topic has read another one by that name.
                    if tp in ranges and place.next_offset > ranges[tp].end:
                        del ranges[tp]
        await asyncio.gather(
            self._topics.pour(self._comparison) if self._topics else _nothing(),
            postgres_side.pour(self._connection, self._comparison, ranges) if self._connection else _nothing(),
        )
        await asyncio.to_thread(self._csv.pour, self._comparison, ranges)
        self._comparison.set_places("postgres", _read_up_to(postgres_places, ranges))
        reached = _read_up_to(csv_places, ranges) if csv_places is not None else self._csv.reached
        self._comparison.set_places("csv", reached)
        await self._find_out()

    async def _find_out(self) -> None:
        """Ask the stores what those events are about that the topics do not know."""
        if (self._topics or self._connection) and (ids := self._comparison.claimed()):
            await asyncio.to_thread(self._csv.disown, ids)
            self._comparison.drop_claimed(ids)
        if self._comparison.unknown_in("csv"):

            def ask() -> None:
                for rows in self._csv.rows(self._comparison.unknown):
                    self._comparison.add_facts(map(facts_of, rows))

            await asyncio.to_thread(ask)
            # Of a line that is damaged so far as to be no row any more there is nothing to be found out.
            lost = self._comparison.unknown_in("csv")
            self._comparison.add_facts(Facts(id_, "unknown", None, None, None, None, None, None) for id_ in lost)
        unknown = self._comparison.unknown_in("postgres")
        for start in range(0, len(unknown), _MARKED_TOGETHER):
            rows = await postgres_side.rows(self._connection, unknown[start : start + _MARKED_TOGETHER])
            self._comparison.add_facts(map(facts_of, rows))

    async def _stand_of_examples(self) -> dict[bytes, dict[Side, LogRow]]:
        """What the stores say now of the events that will be named as different."""
        stand: dict[bytes, dict[Side, LogRow]] = {}
        for store in self._sides.stores:
            ids = {found.event_id for found in self._comparison.examples(store, "different", EXAMPLES)}
            for row in await self._rows_of(store, ids) if ids else ():
                stand.setdefault(uuid.UUID(row.event_id).bytes, {})[store] = row
        return stand

    async def _rows_of(self, store: StoreName, ids: set[bytes]) -> list[LogRow]:
        if store == "postgres" and self._connection:
            return await postgres_side.rows(self._connection, list(ids))

        def rows() -> list[LogRow]:
            return [row for batch in self._csv.rows(lambda seen: ids.intersection(seen)) for row in batch]

        return await asyncio.to_thread(rows)

    async def _proofs(self) -> AsyncGenerator[tuple[Side, list[LogRow]]]:
        """The rows that show what would be right, and which side they are of."""
        wanted = self._comparison.proofs()
        if "topics" in wanted and self._topics:
            async with aclosing(self._topics.rows(lambda ids: self._comparison.proven_by("topics", ids))) as batches:
                async for rows, refused in batches:
                    self._comparison.unmark(refused)
                    yield "topics", rows
        if "csv" in wanted:
            for rows in self._csv.rows(lambda ids: self._comparison.proven_by("csv", ids)):
                yield "csv", rows
        if "postgres" in wanted and self._connection:
            ids = self._comparison.proven("postgres")
            for start in range(0, len(ids), _MARKED_TOGETHER):
                yield "postgres", await postgres_side.rows(self._connection, ids[start : start + _MARKED_TOGETHER])

    async def _repairer(self, stack: AsyncExitStack, now: datetime) -> Repairer:
        csv = CsvLog(self._sides.folder)
        stack.push_async_callback(csv.close)
        await csv.open()
        stores: dict[StoreName, Overwritable] = {"csv": csv}
        if self._sides.database_url:
            stores["postgres"] = database = postgres.PostgresLog(self._sides.database_url)
            stack.push_async_callback(database.close)
            await database.open()
        return Repairer(self._comparison, stores, now)

    async def _is_torn(self) -> bool:
        """Whether the file ends in the middle of a line and nobody is just writing the rest of it."""
        path = csv_files.active(self._sides.folder)
        if not await asyncio.to_thread(csv_side.is_torn, path):
            return False
        size = path.stat().st_size
        await asyncio.sleep(_TORN_LOOK_S)
        return path.stat().st_size == size

    def _report(self, groups: Sequence[Group], overdue_after: timedelta) -> Report:
        overdue = [
            f"{competition}, kickoff {iso(kickoff)}, prediction {uuid.UUID(bytes=id_)}"
            for id_, competition, kickoff in self._comparison.overdue(self._window, overdue_after)
        ]
        unpredicted = list(self._comparison.unpredicted())
        events: dict[Side, int] = {"topics": self._comparison.count("topics")} if self._topics else {}
        return Report(
            events | {store: self._comparison.count(store) for store in self._sides.stores},
            {store: self._comparison.behind(store) for store in self._sides.stores},
            groups,
            Note(len(overdue), overdue[:EXAMPLES]),
            Note(len(unpredicted), unpredicted[:EXAMPLES]),
        )


async def _nothing() -> None:
    """What there is to be done for a side that is not there."""


def _read_up_to(
    places: Mapping[TopicPartition, Place], ranges: Mapping[TopicPartition, Range]
) -> dict[TopicPartition, int]:
    return {tp: place.next_offset for tp, place in places.items() if tp in ranges}


def _example(finding: Finding, stand: LogRow | None, right: LogRow | None) -> Example:
    fields: tuple[str, ...] = ()
    if stand and right:
        differing = [name for name in COLUMNS if getattr(stand, name) != getattr(right, name)]
        # Where a message lay says nothing of what it said, and a database spells the same message in its own way.
        fields = tuple(
            name for name in differing if name not in _SOURCES or (name == "metadata" and not _same(stand, right))
        )
    return Example(
        str(uuid.UUID(bytes=finding.event_id)), finding.event_type, finding.competition, fields, finding.proof, None
    )


def _same(stand: LogRow, right: LogRow) -> bool:
    return bool(orjson.loads(stand.metadata) == orjson.loads(right.metadata))
