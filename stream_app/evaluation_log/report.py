"""What a reconciliation has found, for people and for programs."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stream_app.evaluation_log.findings import Defect, Side, StoreName

EXAMPLES = 20
"""Most events that are named of each kind of finding."""


@dataclass(frozen=True, slots=True)
class Example:
    """One event, or one line, with which something is wrong.

    Attributes
    ----------
    fields
        The columns that differ from what is right, where that is known.
    proof
        The side that shows what is right; None when none does.
    place
        File and line, where it is a line and no event.
    """

    event_id: str | None
    event_type: str | None
    competition: str | None
    fields: Sequence[str]
    proof: Side | None
    place: str | None


@dataclass(frozen=True, slots=True)
class Group:
    """All that is wrong in one way on one side. `repaired` is how many of them were put right."""

    side: Side
    defect: Defect
    count: int
    repaired: int
    examples: Sequence[Example]


@dataclass(frozen=True, slots=True)
class Note:
    """Something that is no defect of the log but that somebody may want to know."""

    count: int
    examples: Sequence[str]


@dataclass(frozen=True, slots=True)
class Report:
    """What a reconciliation has found.

    Attributes
    ----------
    events
        Different events on each side that was compared.
    behind
        Events that a store has not read yet; it will, by itself.
    overdue
        Predictions whose match should long have a result.
    unpredicted
        Matches that have a result and no prediction.
    """

    events: Mapping[Side, int]
    behind: Mapping[StoreName, int]
    groups: Sequence[Group]
    overdue: Note
    unpredicted: Note

    @property
    def clean(self) -> bool:
        """Whether nothing is wrong, or nothing any more."""
        return all(group.repaired == group.count for group in self.groups)

    def plain(self) -> dict[str, Any]:
        """The report as JSON takes it."""
        return {"clean": self.clean} | dataclasses.asdict(self)
