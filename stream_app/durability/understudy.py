"""A fold of a competition's log, beside which one more model learns all that the models of the competition learn."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from datetime import datetime

from stream_app.contracts import decode
from stream_app.durability.book import Book, Published
from stream_app.durability.log import Entry
from stream_app.errors import InvalidInput
from stream_app.events import Outcome, Result
from stream_app.lifecycle.handover import Handover
from stream_app.lifecycle.knowledge import Knowledge
from stream_app.lifecycle.promotion import Contender
from stream_app.models.zoo import create


class Understudy:
    """Makes the state of a version that is registered late.

    The whole league is folded, because what is learned of a match depends on its ratings and on what its other models
    said. The fold stops by itself at the place at which the version was registered.

    Parameters
    ----------
    start
        What the model has learned before it comes to this competition; without it, it begins cold.
    after
        Matches of this competition with a kickoff up to then are among what it has learned before.
    """

    def __init__(
        self, competition: str, algorithm: str, start: Handover | None = None, after: datetime | None = None
    ) -> None:
        self.book = Book(competition)
        self.algorithm = algorithm
        self.start = start
        self.after = after
        self._knows_it = False
        self.begin_anew()
        self.book.league.squad.listener = self

    @property
    def position(self) -> int:
        """The log offset of the last entry that was folded; -1 before the first."""
        return self.book.position

    def apply(self, offset: int, entry: Entry) -> list[Published]:
        """Fold the entry at log offset `offset`, and return what the league says to it."""
        if self.after is not None and entry.kind == "result":
            event = decode(entry.kind, entry.payload)
            self._knows_it = isinstance(event, Result) and event.kickoff <= self.after
        return self.book.apply(offset, entry)

    def waits(self, model: str) -> Contender | None:
        """The version of `model` that waits for its state at this place; None when there is none."""
        pupil = self.book.league.squad.pupils.get(model)
        return None if pupil is None else pupil.contender

    def handover(self, model: str) -> Handover:
        """The state for the version of `model` that was registered by the entry folded last.

        Raises
        ------
        InvalidInput
            There is none, or it was registered further back.
        """
        squad = self.book.league.squad
        pupil = squad.pupils.get(model)
        if pupil is None or pupil.place.chain != squad.knowledge.chain:
            raise InvalidInput(f"model {model!r}: does not begin to wait for a state at this place")
        return Handover(
            competition=squad.competition,
            contender=pupil.contender,
            algorithm=self.algorithm,
            model=deepcopy(self.model),
            knowledge=self.knowledge.copy(),
            place=squad.knowledge.copy(),
            training=None if self.start is None else self.start.training,
        )

    def learn(self, x: Mapping[str, float], outcome: Outcome, seal: bytes) -> None:
        """Learn what the models of the competition learn."""
        if self._knows_it:
            return
        self.model.learn_one(x, outcome)
        self.knowledge.add(seal)

    def begin_anew(self) -> None:
        """The competition begins anew, and so does the model."""
        self.model = create(self.algorithm) if self.start is None else deepcopy(self.start.model)
        self.knowledge = Knowledge() if self.start is None else self.start.knowledge.copy()
