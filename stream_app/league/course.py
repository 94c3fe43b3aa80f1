"""How a version has stood over time, kept small."""

from __future__ import annotations

import struct
from datetime import datetime

from stream_app.events import Figures, MetricPoint
from stream_app.events.moments import moment_of, ticks_of

POINT_EVERY = 100
"""Scored matches between two points."""

POINTS_KEPT = 16
"""Points that are kept; when there are more, every other one of the older half goes."""

_POINT = struct.Struct("<IqI4d")

LAYOUT = (_POINT.format,)
"""How points are written: part of the state's layout."""


class Course:
    """Points at which a version had scored so many matches, with its figures over the rolling window."""

    __slots__ = ("_points",)

    def __init__(self) -> None:
        self._points = b""

    def is_due(self, matches: int) -> bool:
        """Whether a point comes after so many scored matches. One that is taken out and scored again brings none."""
        if matches == 0 or matches % POINT_EVERY:
            return False
        points = self.points()
        return not points or points[-1].matches < matches

    def add(self, matches: int, at: datetime, figures: Figures) -> None:
        """Put a point after the others."""
        row = (figures.n, figures.accuracy, figures.log_loss, figures.rps, figures.brier)
        self._points += _POINT.pack(matches, ticks_of(at), *row)
        size = _POINT.size
        points = [self._points[start : start + size] for start in range(0, len(self._points), size)]
        if len(points) > POINTS_KEPT:
            half = len(points) // 2
            self._points = b"".join([*points[:half:2], *points[half:]])

    def points(self) -> tuple[MetricPoint, ...]:
        """All points that are kept, the oldest first."""
        rows = _POINT.iter_unpack(self._points)
        return tuple(MetricPoint(matches, moment_of(at), Figures(*figures)) for matches, at, *figures in rows)
