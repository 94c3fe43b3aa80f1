"""What a page shows, as plain data: regions of keyed rows, and charts; and the small message between two frames."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import orjson

# The last one has nothing but the status, for pages that do not change by themselves.
Page = Literal["now", "competition", "match", "models", "lineups", "alerts", "system", "status"]


@dataclass(frozen=True, slots=True)
class Scope:
    """What a viewer looks at: a page, and the competition and match of it by slug, or a command, where it has one."""

    page: Page
    competition: str | None = None
    match: str | None = None
    command: str | None = None


DIGITS = 5
"""Decimals of a chart's values on the wire: a hundred-thousandth of a nat, of a point of rating, or of a share."""


class Unknown(LookupError):
    """A page of something that the view does not hold. The text says what is missing."""


@dataclass(frozen=True, slots=True)
class Chart:
    """Lines over time. `times` in seconds since 1970, left to right; a line has None where it has no value.

    Where a chart goes along matches, `times` are numbers of matches.
    """

    times: Sequence[float]
    lines: Mapping[str, Sequence[float | None]]


@dataclass(frozen=True, slots=True)
class Frame:
    """One rendering of a page.

    Attributes
    ----------
    regions
        For each region's element id, its rows from top to bottom: element id to HTML. A region that holds the elements
        of other regions comes before them.
    charts
        Charts by element id.
    status
        How fresh all this is.
    """

    regions: Mapping[str, Mapping[str, str]]
    charts: Mapping[str, Chart]
    status: Mapping[str, str | int]


def whole(frame: Frame) -> bytes:
    """The message that brings a page to `frame` from any state."""
    return orjson.dumps(
        {
            "regions": [
                {"id": region, "order": list(rows), "rows": dict(rows)} for region, rows in frame.regions.items()
            ],
            "charts": [_chart(identity, chart, 0) for identity, chart in frame.charts.items()],
            "status": dict(frame.status),
        }
    )


def what_changed(old: Frame, new: Frame) -> bytes | None:
    """The message that brings a page from `old` to `new`, None when they show the same."""
    regions = []
    for region, rows in new.regions.items():
        before = old.regions.get(region, {})
        if list(before) == list(rows) and before == rows:
            continue
        fresh = {identity: html for identity, html in rows.items() if before.get(identity) != html}
        regions.append({"id": region, "order": list(rows), "rows": fresh})
    charts = [
        _chart(identity, chart, _common(old.charts.get(identity), chart))
        for identity, chart in new.charts.items()
        if old.charts.get(identity) != chart
    ]
    message: dict[str, object] = {}
    if regions:
        message["regions"] = regions
    if charts:
        message["charts"] = charts
    if old.status != new.status:
        message["status"] = dict(new.status)
    return orjson.dumps(message) if message else None


def _common(old: Chart | None, new: Chart) -> int:
    """Points from the left that both charts share; 0 when their lines are not the same ones."""
    if old is None or list(old.lines) != list(new.lines):
        return 0
    shared = 0
    columns = zip(
        zip(old.times, *old.lines.values(), strict=True), zip(new.times, *new.lines.values(), strict=True), strict=False
    )
    for before, after in columns:
        if before != after:
            break
        shared += 1
    return shared


def _chart(identity: str, chart: Chart, start: int) -> dict[str, object]:
    return {
        "id": identity,
        "from": start,
        # To the second, which also writes them without a point.
        "times": [round(time) for time in chart.times[start:]],
        "lines": {name: [_drawn(value) for value in values[start:]] for name, values in chart.lines.items()},
    }


def _drawn(value: float | None) -> float | None:
    """`value` as it is drawn: more digits would be a third of all that a browser is sent."""
    return None if value is None else round(value, DIGITS)
