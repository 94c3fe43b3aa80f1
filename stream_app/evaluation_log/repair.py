"""Puts right what a comparison has found, as far as a side shows what is right, and writes down what was done.

Nothing is ever deleted. A row of the database is written over. A file only grows: the right line is added, and of
several lines of an event the last one counts; what was put right, and how many lines that leaves, goes into both stores
as an event of its own, so that the next comparison knows.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

import orjson

from stream_app.evaluation_log.comparison import Comparison
from stream_app.evaluation_log.findings import Defect, Side, StoreName
from stream_app.evaluation_log.row import LogRow, iso, own_row
from stream_app.events import name_id

_TOGETHER = 1_000
"""Events that are put right, and written down, together."""


class Overwritable(Protocol):
    """A store whose events can be put right."""

    async def overwrite(self, rows: Sequence[LogRow]) -> None:
        """Make the store say of each event what `rows` say of it."""


class Repairer:
    """Puts right the events that were marked in `comparison`, in `stores`. `now` is the time that is written down."""

    def __init__(self, comparison: Comparison, stores: Mapping[StoreName, Overwritable], now: datetime) -> None:
        self._comparison = comparison
        self._stores = stores
        self._now = now

    async def put_right(self, rows: Sequence[LogRow], proof: Side) -> None:
        """Write `rows`, which `proof` shows to be right, to every store in which they were marked as wrong."""
        by_id = {uuid.UUID(row.event_id).bytes: row for row in rows}
        for store, target in self._stores.items():
            wrong = [
                (id_, defect)
                for id_ in by_id
                for side, defect, by in self._comparison.wrong(id_)
                if side == store and by == proof != side
            ]
            for start in range(0, len(wrong), _TOGETHER):
                part = wrong[start : start + _TOGETHER]
                await target.overwrite([by_id[id_] for id_, _ in part])
                # The new line settles the other ones of its event.
                lines = {id_: self._comparison.lines_of(id_) + 1 for id_, _ in part} if store == "csv" else {}
                await self._log(store, part, lines)
                for id_ in lines:
                    self._comparison.repaired(id_, "csv", "duplicated")

    async def settle_lines(self, unreadable: Sequence[int]) -> None:
        """Write down which events have several lines that are no defect any more, and which lines are no events."""
        ids = self._comparison.ids("csv", "duplicated")
        for start in range(0, len(ids), _TOGETHER):
            part: list[tuple[bytes, Defect]] = [(id_, "duplicated") for id_ in ids[start : start + _TOGETHER]]
            await self._log("csv", part, {id_: self._comparison.lines_of(id_) for id_, _ in part})
        if unreadable:
            await self._log("csv", [], {}, unreadable)

    async def _log(
        self,
        store: StoreName,
        events: Sequence[tuple[bytes, Defect]],
        lines: Mapping[bytes, int],
        unreadable: Sequence[int] = (),
    ) -> None:
        by_defect: dict[str, list[str]] = {}
        for id_, defect in events:
            by_defect.setdefault(defect, []).append(_text(id_))
            self._comparison.repaired(id_, store, defect)
        what = {
            "store": store,
            "events": by_defect,
            "lines": {_text(id_): number for id_, number in lines.items()},
            "unreadable": unreadable,
        }
        for target in self._stores.values():
            await target.overwrite([_event(what, self._now)])


def _event(what: Mapping[str, Any], now: datetime) -> LogRow:
    repair_id = name_id("repair", iso(now), orjson.dumps(what).decode())
    message = {"repair_id": repair_id, "at": iso(now), **what}
    columns = {"event_id": repair_id, "event_type": "repair", "event_time": now, "status": what["store"]}
    return own_row(columns, message, now)


def _text(id_: bytes) -> str:
    return str(uuid.UUID(bytes=id_))
