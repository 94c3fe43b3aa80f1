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


@dataclass(frozen=True, slots=True)
class Moment:
    """When a match is played, as ratings count time.

    Attributes
    ----------
    clock
        Playing days since the competition's first match. Long breaks count for a limited number of days only, since
        squads change little more in a long summer than in a short one.
    season
        Number of the season, from 0.
    """

    clock: float
    season: int


class Rating(ABC):
    """One rating system of one competition, as plain picklable state.

    Seasons are rolled over *team by team when they are next looked at*, from the season in which the team last played.
    So a look at a coming match changes nothing, and no match costs more than another.

    * A team that played in the last season keeps its rating, drawn towards the mean.
    * A team that was absent from the last season is *promoted*: it starts at what promoted teams are worth.
    * A team of the first season, and every national team, starts as *new*.
    """

    @abstractmethod
    def inputs(self, match: Match, moment: Moment) -> dict[str, float]:
        """Numbers that describe `match` before it is played, by name. Changes nothing."""

    @abstractmethod
    def learn(self, match: Match, moment: Moment, home_goals: int, away_goals: int) -> None:
        """Learn how `match` ended. The moments of successive calls never go back in clock; seasons may, by one."""
