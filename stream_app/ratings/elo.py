"""Elo ratings with a margin of victory.

Elo, A. E. (1978), *The Rating of Chessplayers, Past and Present*; for football, with the goal difference in the step:
Hvattum, L. M. and Arntzen, H. (2010), 'Using ELO ratings for match result prediction in association football',
International Journal of Forecasting 26(3), 460-470.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from stream_app.events import LeagueKind
from stream_app.ratings.contract import Entry, Match, Moment, Rating

SCALE = 400.0
"""Points of difference at which the stronger side is ten times as likely to win as to lose."""


@dataclass(frozen=True, slots=True)
class EloParameters:
    """Points that a result moves, and where teams start. Tuned on several leagues and on national teams.

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
NATIONAL = EloParameters(step=40.0, new=-250.0, friendly=0.6)


class Elo(Rating):
    """Elo ratings of one competition, in points around 0.

    `inputs` names one number: `elo_difference`, the home side's rating plus home advantage minus the away side's.
    """

    def __init__(self, kind: LeagueKind) -> None:
        self.parameters = LEAGUE if kind == "league" else NATIONAL
        self.teams: dict[str, float] = {}

    def inputs(self, match: Match, moment: Moment) -> dict[str, float]:
        home, away = self.points(match, moment)
        return {"elo_difference": home - away + self._advantage(match)}

    def learn(self, match: Match, moment: Moment, home_goals: int, away_goals: int) -> None:
        home, away = self.points(match, moment)
        expected = 1.0 / (1.0 + 10.0 ** (-(home - away + self._advantage(match)) / SCALE))
        scored = 1.0 if home_goals > away_goals else 0.5 if home_goals == away_goals else 0.0
        size = 1.0 + self.parameters.margin * math.log1p(abs(home_goals - away_goals))
        weight = self.parameters.friendly if match.friendly else 1.0
        moved = self.parameters.step * weight * size * (scored - expected)
        self.teams[match.home] = home + moved
        self.teams[match.away] = away - moved

    def points(self, match: Match, moment: Moment) -> tuple[float, float]:
        """The ratings with which both sides come into `match`, home first, without home advantage."""
        return self._rating(match.home, moment.home), self._rating(match.away, moment.away)

    def forget(self, team: str) -> None:
        self.teams.pop(team, None)

    def _rating(self, team: str, entry: Entry) -> float:
        if entry is Entry.SETTLED:
            return self.teams[team]
        if entry is Entry.RETURNING:
            return self.teams[team] * self.parameters.keep
        return self.parameters.promoted if entry is Entry.PROMOTED else self.parameters.new

    def _advantage(self, match: Match) -> float:
        return 0.0 if match.neutral else self.parameters.home
