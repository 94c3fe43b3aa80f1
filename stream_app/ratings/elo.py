"""Elo ratings with a margin of victory.

Elo, A. E. (1978), *The Rating of Chessplayers, Past and Present*; for football, with the goal difference in the step:
Hvattum, L. M. and Arntzen, H. (2010), 'Using ELO ratings for match result prediction in association football',
International Journal of Forecasting 26(3), 460-470.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from stream_app.events import LeagueKind
from stream_app.ratings.contract import Match, Moment, Rating

SCALE = 400.0
"""Points of difference at which the stronger side is ten times as likely to win as to lose."""


@dataclass(frozen=True, slots=True)
class EloParameters:
    """Points that a result moves, and where teams start. Tuned on several leagues and on national teams at once.

    `step` is multiplied by 1 + `margin` * ln(1 + goal difference), and by `friendly` when nothing is at stake.
    `keep` is the share of a rating that is left after a season.
    """

    step: float
    new: float
    promoted: float = -60.0
    margin: float = 0.8
    friendly: float = 1.0
    home: float = 65.0
    keep: float = 0.95


LEAGUE = EloParameters(step=12.0, new=0.0)
NATIONAL = EloParameters(step=40.0, new=-250.0, friendly=0.6, keep=1.0)


class Elo(Rating):
    """Elo ratings of one competition, in points around 0.

    `inputs` names one number: `elo_difference`, the home side's rating plus home advantage minus the away side's.
    """

    def __init__(self, kind: LeagueKind) -> None:
        self.parameters = LEAGUE if kind == "league" else NATIONAL
        self.teams: dict[str, tuple[float, int]] = {}

    def rating(self, team: str, season: int) -> float:
        """The points of `team` as it enters `season`, or stands in it."""
        known = self.teams.get(team)
        if known is None:
            return self.parameters.promoted if season > 0 else self.parameters.new
        points, last_season = known
        if last_season >= season:
            return points
        return points * self.parameters.keep if last_season == season - 1 else self.parameters.promoted

    def inputs(self, match: Match, moment: Moment) -> dict[str, float]:
        home = self.rating(match.home, moment.season)
        away = self.rating(match.away, moment.season)
        return {"elo_difference": home - away + (0.0 if match.neutral else self.parameters.home)}

    def learn(self, match: Match, moment: Moment, home_goals: int, away_goals: int) -> None:
        set_by = self.parameters
        home, away = self.rating(match.home, moment.season), self.rating(match.away, moment.season)
        lead = home - away + (0.0 if match.neutral else set_by.home)
        expected = 1.0 / (1.0 + 10.0 ** (-lead / SCALE))
        scored = 1.0 if home_goals > away_goals else 0.5 if home_goals == away_goals else 0.0
        weight = set_by.friendly if match.friendly else 1.0
        step = set_by.step * weight * (1.0 + set_by.margin * math.log1p(abs(home_goals - away_goals)))
        self._set(match.home, home + step * (scored - expected), moment.season)
        self._set(match.away, away - step * (scored - expected), moment.season)

    def _set(self, team: str, points: float, season: int) -> None:
        last_season = self.teams[team][1] if team in self.teams else season
        self.teams[team] = (points, max(season, last_season))
