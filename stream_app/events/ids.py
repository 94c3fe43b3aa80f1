"""Ids: what they name, and how they are made."""

from __future__ import annotations

import uuid
from typing import Literal

import orjson

Outcome = Literal["H", "D", "A"]
OUTCOMES: tuple[Outcome, ...] = ("H", "D", "A")

# The namespace of every id that the service makes. Changing it changes every id ever published.
NAMESPACE = uuid.UUID("6f3f2c0e-8a55-5d0b-9a51-0d5f3a2b7c41")


def name_id(*parts: str | int) -> str:
    """The UUIDv5 of what `parts` name, as text.

    The parts are joined as a JSON array, so that no two different lists of parts share an id.
    """
    return str(uuid.uuid5(NAMESPACE, orjson.dumps(parts).decode()))


def outcome_of(home_goals: int, away_goals: int) -> Outcome:
    """H, D or A from the goals of both sides."""
    if home_goals > away_goals:
        return "H"
    return "D" if home_goals == away_goals else "A"
