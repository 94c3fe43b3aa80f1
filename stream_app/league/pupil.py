"""A version that catches up: it has to learn the history of its competition before it may predict."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from stream_app.events import Alias, Birth, Outcome
from stream_app.lifecycle.knowledge import Knowledge
from stream_app.lifecycle.promotion import Contender
from stream_app.models.contract import MatchModel

JOURNAL_MATCHES = 2_000
"""Matches for which a pupil waits for its state. Handing over takes seconds, in which hardly any league plays as many;
and a journal of this length still fits into a snapshot."""


class Listener(Protocol):
    """Somebody who hears of every match that the models of a league learn."""

    def learn(self, x: Mapping[str, float], outcome: Outcome, seal: bytes) -> None:
        """The match that `x` describes ended with `outcome`; `seal` is the digest of both."""

    def begin_anew(self) -> None:
        """The competition begins anew, and all its models are cold."""


class Pupil:
    """A registered version without a state yet.

    Its state is made aside: by whoever reads the history of the competition up to the place at which it was registered.
    What is learned from there on is kept in a journal until the state is handed over, so that nothing is missed and
    nothing is learned twice.

    Attributes
    ----------
    place
        All that the competition had learned when it was registered: the history that its state has to hold.
    """

    def __init__(self, contender: Contender, algorithm: str, alias: Alias, born: Birth, place: Knowledge) -> None:
        self.contender = contender
        self.algorithm = algorithm
        self.alias: Alias = alias
        self.born = born
        self.place = place
        self.journal: list[tuple[Mapping[str, float], Outcome, bytes]] = []

    @property
    def is_late(self) -> bool:
        """Whether it has waited for its state for too long."""
        return len(self.journal) > JOURNAL_MATCHES

    def learn(self, x: Mapping[str, float], outcome: Outcome, seal: bytes) -> None:
        """Write a match into the journal."""
        self.journal.append((x, outcome, seal))

    def catch_up(self, model: MatchModel, knowledge: Knowledge) -> None:
        """Let its state, as of its place, learn what came since."""
        for x, outcome, seal in self.journal:
            model.learn_one(x, outcome)
            knowledge.add(seal)
        self.journal.clear()
