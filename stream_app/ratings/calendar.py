"""The clock of a competition, and the number of its season."""

from __future__ import annotations

from datetime import datetime

from stream_app.events import LeagueKind
from stream_app.ratings.contract import Match, Moment

SECONDS_PER_DAY = 86_400.0

# Measured on leagues of the last sixty years: a summer or a winter break counts as two months at most, and a gap of
# more than 45 days changes squads as much as the end of a season does.
LONGEST_BREAK_DAYS = 60.0
SEASON_GAP_DAYS = 45.0


class Calendar:
    """Tells at which `Moment` a match is played. National teams have no seasons: theirs is always 0."""

    def __init__(self, kind: LeagueKind) -> None:
        self.has_seasons = kind == "league"
        self.last_kickoff: datetime | None = None
        self.clock = 0.0
        self.season = 0
        self.label = ""
        self.previous_label = ""

    def moment(self, match: Match) -> Moment:
        """The moment of `match`, seen from the matches that were passed to `advance` so far. Changes nothing.

        A match that carries the label of the season before the current one was put off into the new season, and still
        belongs to the old one.
        """
        if self.last_kickoff is None:
            return Moment(0.0, 0)
        days = (match.kickoff - self.last_kickoff).total_seconds() / SECONDS_PER_DAY
        clock = self.clock + min(max(days, 0.0), LONGEST_BREAK_DAYS)
        if not self.has_seasons:
            return Moment(clock, 0)
        if match.season == self.previous_label and match.season != self.label:
            return Moment(clock, self.season - 1)
        rolls_over = days > 0.0 and (match.season != self.label or days > SEASON_GAP_DAYS)
        return Moment(clock, self.season + rolls_over)

    def advance(self, match: Match) -> Moment:
        """Move on to `match`, which is about to be learned, and return its moment."""
        moment = self.moment(match)
        if self.last_kickoff is None:
            self.label = match.season
        elif moment.season > self.season:
            self.season = moment.season
            self.previous_label, self.label = self.label, match.season
        if self.last_kickoff is None or match.kickoff > self.last_kickoff:
            self.last_kickoff = match.kickoff
        self.clock = moment.clock
        return moment
