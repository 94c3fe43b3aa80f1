"""Moments as whole numbers, for state that is kept small."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TICK = timedelta(microseconds=1)


def ticks_of(at: datetime) -> int:
    """Microseconds from the beginning of 1970 to `at`, which has a zone: exactly what a moment is made of."""
    return (at - _EPOCH) // _TICK


def moment_of(ticks: int) -> datetime:
    """The moment, in UTC, of which `ticks_of` gave `ticks`."""
    return _EPOCH + ticks * _TICK
