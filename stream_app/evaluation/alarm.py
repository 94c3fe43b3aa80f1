"""The life of an alert: raised, perhaps worsened, resolved, each of them once."""

from __future__ import annotations

from dataclasses import dataclass, replace

from stream_app.events import AlertKind, AlertState, Severity

RESOLVED_AT = 0.5
"""An alert is resolved when half of the fall that it takes is made good: a figure on the edge must not flicker."""

CRITICAL_AT = 2.0
"""A fall of twice the one that it takes is critical."""


@dataclass(frozen=True, slots=True)
class Sight:
    """What is seen of a figure now.

    `fall` is by how much `measured` is worse than `promised`, relative to that: 0.05 is 5 %, and a negative one is
    better. `evidence` has to reach `limit`.
    """

    metric: str
    measured: float
    promised: float
    fall: float
    evidence: float
    limit: float


@dataclass(frozen=True, slots=True)
class Change:
    """The alert number `number` of its kind and figure has changed its state."""

    kind: AlertKind
    number: int
    state: AlertState
    severity: Severity
    sight: Sight


class Alarm:
    """One alert at a time, and the number of those so far."""

    __slots__ = ("kind", "number", "open")

    def __init__(self, kind: AlertKind) -> None:
        self.kind = kind
        self.number = 0
        self.open: Change | None = None

    def look(self, sight: Sight, drop: float, *, proven: bool, over: bool) -> Change | None:
        """What has changed.

        Parameters
        ----------
        drop
            The relative fall without which there is no alert.
        proven
            Whether there is evidence enough. Both together raise an alert.
        over
            Whether what the alert was raised for is over.
        """
        if self.open is None:
            if not proven or sight.fall <= drop:
                return None
            self.number += 1
            self.open = Change(self.kind, self.number, "raised", _severity(sight, drop), sight)
            return self.open
        if over:
            resolved = replace(self.open, state="resolved", sight=sight)
            self.open = None
            return resolved
        if self.open.severity == "warning" and _severity(sight, drop) == "critical":
            self.open = replace(self.open, state="worsened", severity="critical", sight=sight)
            return self.open
        return None


def _severity(sight: Sight, drop: float) -> Severity:
    return "critical" if sight.fall > drop * CRITICAL_AT else "warning"
