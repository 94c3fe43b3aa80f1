"""Ratings: what the results so far say about the strength of teams.

`Ratings` is all that a league needs: it holds the clock and every rating system of one competition, and answers with
one flat dictionary of numbers about a match.
"""

from __future__ import annotations

from stream_app.events import LeagueKind
from stream_app.ratings.calendar import Calendar
from stream_app.ratings.contract import Match, Moment, Rating
from stream_app.ratings.elo import Elo

__all__ = ["Match", "Moment", "Rating", "Ratings"]


class Ratings:
    """All ratings of one competition, of clubs (`league`) or of national teams (`national`)."""

    def __init__(self, kind: LeagueKind) -> None:
        self.calendar = Calendar(kind)
        self.systems: tuple[Rating, ...] = (Elo(kind),)

    def inputs(self, match: Match) -> dict[str, float]:
        """Every number that the ratings have on `match` before it is played, by name. Changes nothing."""
        moment = self.calendar.moment(match)
        inputs = {"neutral": float(match.neutral), "friendly": float(match.friendly)}
        for system in self.systems:
            inputs.update(system.inputs(match, moment))
        return inputs

    def learn(self, match: Match, home_goals: int, away_goals: int) -> None:
        """Learn how `match` ended, and move the clock on to it."""
        moment = self.calendar.advance(match)
        for system in self.systems:
            system.learn(match, moment, home_goals, away_goals)
