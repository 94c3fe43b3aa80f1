"""What the leaves of a random forest observe until they split, as rows of numbers."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from itertools import permutations

from stream_app.events import OUTCOMES, Outcome
from stream_app.models.rivers_forest import Observed, Seen

ORDERS: tuple[tuple[Outcome, ...], ...] = tuple(
    order for count in range(len(OUTCOMES) + 1) for order in permutations(OUTCOMES, count)
)
"""The orders in which outcomes may have been met. Sums of floats depend on them in the last bit. Each has a number."""

NUMBERS: Mapping[tuple[Outcome, ...], int] = {order: number for number, order in enumerate(ORDERS)}
PLACES: tuple[Mapping[Outcome, int], ...] = tuple(
    {outcome: place for place, outcome in enumerate(order)} for order in ORDERS
)
"""Where each outcome stands in the order of a number."""

SEEN = len(Seen._fields)
WATCHED = 3
OBSERVED = SEEN * len(OUTCOMES)
"""Whole numbers, and floats, of an input that a leaf watches."""

NOT_YET, NEVER = -1, -2

LAYOUT = (*map("".join, ORDERS), *Seen._fields)
"""What the numbers of a forest mean, in order: part of the state's layout."""


class LeafObservations:
    """Rows of numbers, one for each leaf that watches some inputs, in the order of the leaves.

    The order makes equal forests have equal rows, however they came about. An input is told by its place among all.

    Attributes
    ----------
    width
        How many inputs a leaf watches; -1 before that is known.
    rows
        For each node of the forest, the row of what a leaf observes; `NOT_YET` before it has drawn its inputs; `NEVER`
        for a leaf that has drawn them and will not split.
    watched
        In each row, for each of `width` inputs, `WATCHED` numbers: its place, or -1 for none; the number of the order
        in which outcomes were met with it; and which of the row's inputs it was to be heard of, from 1, or 0 if it has
        not been.
    observed
        In each row, for each of these inputs and each of its outcomes in their order, the numbers of `Seen`.
    """

    __slots__ = ("observed", "rows", "watched", "width")

    def __init__(self, nodes: int) -> None:
        self.width = -1
        self.rows = array("h", [NOT_YET]) * nodes
        self.watched = array("h")
        self.observed = array("d")

    def learn(self, row: int, values: Sequence[float | None], y: Outcome, weight: int) -> None:
        """Learn the values of the inputs that a row is about, as River's splitters, variances and means do."""
        watched, observed = self.watched, self.observed
        for at in self._slots(row):
            place = watched[at * WATCHED]
            value = values[place] if place >= 0 else None
            if value is None:
                continue
            outcome = PLACES[watched[at * WATCHED + 1]].get(y)
            if outcome is None:
                i = at * OBSERVED + self._meet(row, at, y) * SEEN
                observed[i + 3] = observed[i + 4] = value
            else:
                i = at * OBSERVED + outcome * SEEN
                if value < observed[i + 3]:
                    observed[i + 3] = value
                elif value > observed[i + 4]:
                    observed[i + 4] = value
            total, before = observed[i] + weight, observed[i + 1]
            mean = before + weight / total * (value - before)
            observed[i] = total
            observed[i + 1] = mean
            observed[i + 2] += weight * (value - before) * (value - mean)

    def of(self, leaf: int) -> Observed:
        """What a leaf has observed."""
        if self.rows[leaf] < 0:
            return {}
        heard = [at for at in self._slots(self.rows[leaf]) if self.watched[at * WATCHED + 2]]
        heard.sort(key=lambda at: self.watched[at * WATCHED + 2])
        return {self.watched[at * WATCHED]: self._seen(at) for at in heard}

    def watch(self, leaf: int, drawn: Sequence[int], observed: Observed | None = None) -> None:
        """Let a leaf watch the inputs at these places, at least one, of which it has observed so much."""
        row = sum(other >= 0 for other in self.rows[:leaf])
        self._move_rows(leaf + 1, 1)
        self.rows[leaf] = row
        start = row * self.width
        padded = [*drawn, *[-1] * (self.width - len(drawn))]
        numbers = [number for place in padded for number in (place, 0, 0)]
        self.watched[start * WATCHED : start * WATCHED] = array("h", numbers)
        self.observed[start * OBSERVED : start * OBSERVED] = _zeros(OBSERVED * self.width)
        for place, seen in (observed or {}).items():
            at = start + drawn.index(place)
            for outcome, of_outcome in seen.items():
                i = at * OBSERVED + self._meet(row, at, outcome) * SEEN
                self.observed[i : i + SEEN] = array("d", of_outcome)

    def unwatch(self, leaf: int) -> None:
        """Let a leaf watch nothing, as one that has not drawn its inputs yet."""
        row = self.rows[leaf]
        if row >= 0:
            start, end = row * self.width, (row + 1) * self.width
            del self.watched[start * WATCHED : end * WATCHED]
            del self.observed[start * OBSERVED : end * OBSERVED]
            self._move_rows(leaf + 1, -1)
        self.rows[leaf] = NOT_YET

    def forget(self, leaf: int) -> None:
        """Let a leaf begin anew with the inputs that it watches, if any."""
        if self.rows[leaf] < 0:
            return
        for at in self._slots(self.rows[leaf]):
            self.watched[at * WATCHED + 1] = self.watched[at * WATCHED + 2] = 0
            self.observed[at * OBSERVED : (at + 1) * OBSERVED] = _zeros(OBSERVED)

    def _slots(self, row: int) -> range:
        return range(row * self.width, (row + 1) * self.width)

    def _meet(self, row: int, at: int, y: Outcome) -> int:
        """Let a watched input meet an outcome for the first time; returns the place of the outcome."""
        order = ORDERS[self.watched[at * WATCHED + 1]]
        if not order:
            heard = max(self.watched[slot * WATCHED + 2] for slot in self._slots(row))
            self.watched[at * WATCHED + 2] = heard + 1
        self.watched[at * WATCHED + 1] = NUMBERS[(*order, y)]
        return len(order)

    def _seen(self, at: int) -> dict[Outcome, Seen]:
        places = PLACES[self.watched[at * WATCHED + 1]].items()
        starts = ((outcome, at * OBSERVED + place * SEEN) for outcome, place in places)
        return {outcome: Seen(*self.observed[start : start + SEEN]) for outcome, start in starts}

    def _move_rows(self, start: int, by: int) -> None:
        for node in range(start, len(self.rows)):
            if self.rows[node] >= 0:
                self.rows[node] += by


def _zeros(count: int) -> array[float]:
    return array("d", [0.0]) * count
