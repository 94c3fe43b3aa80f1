"""What is handed over when a version has caught up: its state, and how far it has come."""

from __future__ import annotations

from dataclasses import dataclass

from stream_app.events import Notes
from stream_app.lifecycle.knowledge import Knowledge
from stream_app.lifecycle.promotion import Contender
from stream_app.models.contract import MatchModel


@dataclass(frozen=True, slots=True)
class Handover:
    """The state of a version as of a place in the order of its competition.

    Attributes
    ----------
    competition, contender, algorithm
        Whose state it is, and of what kind.
    model, knowledge
        The state, and what it has learned.
    place
        All that the competition had learned at that place.
    training
        The training run that it began with, if it did not begin cold.
    """

    competition: str
    contender: Contender
    algorithm: str
    model: MatchModel
    knowledge: Knowledge
    place: Knowledge
    training: Notes | None = None
