"""What every rating is: it turns the names of two teams into numbers about their match, and learns from the goals."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Match:
    """The part of a fixture that ratings look at."""

    season: str
    kickoff: datetime
    home: str
    away: str
    neutral: bool = False
    friendly: bool = False


class Rating(ABC):
    """One rating system of one competition, as plain picklable state."""

    @abstractmethod
    def inputs(self, match: Match) -> dict[str, float]:
        """Numbers that describe `match` before it is played, by name. Changes nothing."""

    @abstractmethod
    def learn(self, match: Match, home_goals: int, away_goals: int) -> None:
        """Learn how `match` ended."""
