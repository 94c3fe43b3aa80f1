"""What every rating is: it turns the names of two teams into numbers about their match, and learns from the goals."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import datetime
from enum import Enum


@dataclass(frozen=True, slots=True)
class Match:
    """The part of a fixture that ratings look at."""

    season: str
    kickoff: datetime
    home: str
    away: str
    neutral: bool = False
    friendly: bool = False


class Entry(Enum):
    """How a team comes into a match, which says what its rating starts from.

    Seasons are rolled over team by team, when a team is next looked at. So a look at a coming match changes nothing,
    and no match costs more than another.
    """

    SETTLED = "it has played in this season: its rating holds"
    RETURNING = "it played in the last season, and not yet in this one: its rating is drawn towards the mean"
    PROMOTED = "it was absent from the last season: it starts at what promoted teams are worth"
    NEW = "it is unknown, and the competition is in its first season or has none"


@dataclass(frozen=True, slots=True)
class Moment:
    """When and how two teams meet, as ratings count time.

    Attributes
    ----------
    clock
        Playing days since the competition's first match. A long break counts for a limited number of days only, since
        squads change little more in a long summer than in a short one.
    season
        Number of the season, from 0.
    home, away
        How each side comes into the match.
    """

    clock: float
    season: int
    home: Entry
    away: Entry


class Rating(ABC):
    """One rating system of one competition, as plain picklable state."""

    @abstractmethod
    def inputs(self, match: Match, moment: Moment) -> dict[str, float]:
        """Numbers that describe `match` before it is played, by name. Changes nothing."""

    @abstractmethod
    def learn(self, match: Match, moment: Moment, home_goals: int, away_goals: int) -> None:
        """Learn how `match` ended. The clock of successive moments never goes back."""

    @abstractmethod
    def forget(self, team: str) -> None:
        """Drop a team that will start anew if it ever comes back."""
