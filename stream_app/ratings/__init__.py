"""Ratings: what the results so far say about the strength of teams.

`Ratings` is all that a league needs: it holds the calendar and every rating system of one competition, and answers with
one flat dictionary of numbers about a match. Everything that looks at a match later (models, score sheet, reasons)
reads that dictionary and nothing else, so what a sealed prediction rests on can be kept with it.
"""

from __future__ import annotations

from stream_app.events import LeagueKind
from stream_app.ratings.calendar import Calendar
from stream_app.ratings.contract import Entry, Match, Moment, Rating
from stream_app.ratings.elo import Elo
from stream_app.ratings.kalman import Kalman
from stream_app.ratings.pi import Pi
from stream_app.ratings.poisson import Poisson
from stream_app.ratings.scores import MOST_GOALS

__all__ = ["Entry", "Match", "Moment", "Rating", "Ratings"]


class Ratings:
    """All ratings of one competition, of clubs (`league`) or of national teams (`national`)."""

    def __init__(self, kind: LeagueKind) -> None:
        self.calendar = Calendar(kind)
        self.elo = Elo(kind)
        self.systems: tuple[Rating, ...] = (self.elo, Pi(kind), Poisson(kind), Kalman(kind))

    def inputs(self, match: Match) -> dict[str, float]:
        """Every number that the ratings have on `match` before it is played, by name. Changes nothing.

        Besides what the rating systems name, `neutral` and `friendly` are 1 where that is so and 0 elsewhere.
        """
        moment = self.calendar.moment(match)
        inputs = {"neutral": float(match.neutral), "friendly": float(match.friendly)}
        for system in self.systems:
            inputs.update(system.inputs(match, moment))
        return inputs

    def points(self, match: Match) -> tuple[float, float]:
        """The Elo ratings with which both sides come into `match`, home first: one number a team, for people."""
        return self.elo.points(match, self.calendar.moment(match))

    def learn(self, match: Match, home_goals: int, away_goals: int) -> None:
        """Learn how `match` ended, and move the calendar on to it.

        A side's goals count as `MOST_GOALS` at most, and the other side's as many fewer: one absurd score must not turn
        a table over.
        """
        excess = max(home_goals, away_goals, MOST_GOALS) - MOST_GOALS
        home_goals, away_goals = max(home_goals - excess, 0), max(away_goals - excess, 0)
        moment = self.calendar.moment(match)
        for system in self.systems:
            system.learn(match, moment, home_goals, away_goals)
        for team in self.calendar.advance(match):
            for system in self.systems:
                system.forget(team)
