"""The clock of a competition, its seasons, and who played in them."""

from __future__ import annotations

from datetime import datetime

from stream_app.events import LeagueKind
from stream_app.ratings.contract import Entry, Match, Moment

SECONDS_PER_DAY = 86_400.0

# From leagues of the last sixty years: a break counts as two months at most, and one of more than 45 days changes
# squads as much as the end of a season does.
LONGEST_BREAK_DAYS = 60.0
SEASON_GAP_DAYS = 45.0


class Calendar:
    """Tells the `Moment` of a match. National teams have no seasons: theirs is always 0."""

    def __init__(self, kind: LeagueKind) -> None:
        self.has_seasons = kind == "league"
        self.last_kickoff: datetime | None = None
        self.clock = 0.0
        self.season = 0
        self.label = ""
        self.previous_label = ""
        self.last_played: dict[str, int] = {}
        """The number of the last season in which each team played."""

    def moment(self, match: Match) -> Moment:
        """The moment of `match`, seen from the matches that were passed to `advance` so far. Changes nothing."""
        clock, season = self._when(match)
        return Moment(clock, season, self._entry(match.home, season), self._entry(match.away, season))

    def advance(self, match: Match) -> list[str]:
        """Move on to `match`, which has been learned; the teams that the competition can forget.

        These are, at the start of a season, the ones that were absent from the last one.
        """
        self.clock, season = self._when(match)
        gone: list[str] = []
        if self.last_kickoff is None:
            self.label = match.season
        elif season > self.season:
            self.season = season
            self.previous_label, self.label = self.label, match.season
            gone = [team for team, last in self.last_played.items() if last < season - 1]
            for team in gone:
                del self.last_played[team]
        for team in (match.home, match.away):
            self.last_played[team] = max(season, self.last_played.get(team, season))
        if self.last_kickoff is None or match.kickoff > self.last_kickoff:
            self.last_kickoff = match.kickoff
        return [team for team in gone if team not in self.last_played]

    def _when(self, match: Match) -> tuple[float, int]:
        """The clock and the number of the season at a match.

        A match that carries the label of the season before the current one was put off into the new season, and still
        belongs to the old one.
        """
        if self.last_kickoff is None:
            return 0.0, 0
        days = (match.kickoff - self.last_kickoff).total_seconds() / SECONDS_PER_DAY
        clock = self.clock + min(max(days, 0.0), LONGEST_BREAK_DAYS)
        if not self.has_seasons:
            return clock, 0
        if match.season == self.previous_label and match.season != self.label:
            return clock, self.season - 1
        rolls_over = days > 0.0 and (match.season != self.label or days > SEASON_GAP_DAYS)
        return clock, self.season + rolls_over

    def _entry(self, team: str, season: int) -> Entry:
        last = self.last_played.get(team)
        if last is None:
            return Entry.PROMOTED if season > 0 else Entry.NEW
        if last >= season:
            return Entry.SETTLED
        return Entry.RETURNING if last == season - 1 else Entry.PROMOTED
