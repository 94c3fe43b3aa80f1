"""Pi-ratings: by how many goals a team is better than the average one, at home and away.

Constantinou, A. C. and Fenton, N. E. (2013), 'Determining the level of ability of football teams by dynamic ratings
based on the relative discrepancies in scores between adversaries', Journal of Quantitative Analysis in Sports 9(1),
37-50. In the paper's letters, `rate` is lambda, `carry_over` gamma, `BASE` b and `SCALE` c.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from stream_app.events import LeagueKind
from stream_app.ratings.contract import Entry, Match, Moment, Rating

BASE = 10.0
SCALE = 3.0


@dataclass(frozen=True, slots=True)
class PiParameters:
    """How fast ratings move. `keep` is the share that is left after a season.

    A promoted team starts as the average one, as every team does in the paper.
    """

    rate: float = 0.05
    carry_over: float = 0.7
    keep: float = 0.9


LEAGUE = PiParameters()
NATIONAL = PiParameters(rate=0.06)

Pair = tuple[float, float]
"""A team's rating at home and its rating away."""


def goals_above_average(rating: float) -> float:
    """Goals by which a team of this rating is expected to beat the average one (the paper's equation for the expected
    goal difference, with its sign)."""
    return math.copysign(BASE ** (abs(rating) / SCALE) - 1.0, rating)


def weighed(error: float) -> float:
    """The paper's psi: an error in goals, with large ones shrunk to their logarithm."""
    return math.copysign(SCALE * math.log10(1.0 + abs(error)), error)


class Pi(Rating):
    """Pi-ratings of one competition.

    `inputs` names one number: `pi_difference`, the goals by which the home side is expected to win. On neutral ground
    a team counts as the mean of its two ratings, and both move alike.
    """

    def __init__(self, kind: LeagueKind) -> None:
        self.parameters = LEAGUE if kind == "league" else NATIONAL
        self.teams: dict[str, Pair] = {}

    def inputs(self, match: Match, moment: Moment) -> dict[str, float]:
        return {"pi_difference": self._difference(match, *self._ratings(match, moment))}

    def learn(self, match: Match, moment: Moment, home_goals: int, away_goals: int) -> None:
        home, away = self._ratings(match, moment)
        error = home_goals - away_goals - self._difference(match, home, away)
        here = weighed(error) * self.parameters.rate
        elsewhere = here * self.parameters.carry_over
        if match.neutral:
            here = elsewhere = (here + elsewhere) / 2.0
        self.teams[match.home] = (home[0] + here, home[1] + elsewhere)
        self.teams[match.away] = (away[0] - elsewhere, away[1] - here)

    def forget(self, team: str) -> None:
        self.teams.pop(team, None)

    def _ratings(self, match: Match, moment: Moment) -> tuple[Pair, Pair]:
        return self._rating(match.home, moment.home), self._rating(match.away, moment.away)

    def _rating(self, team: str, entry: Entry) -> Pair:
        if entry is Entry.SETTLED:
            return self.teams[team]
        if entry is Entry.RETURNING:
            at_home, away = self.teams[team]
            return at_home * self.parameters.keep, away * self.parameters.keep
        return 0.0, 0.0

    def _difference(self, match: Match, home: Pair, away: Pair) -> float:
        if match.neutral:
            return goals_above_average(sum(home) / 2.0) - goals_above_average(sum(away) / 2.0)
        return goals_above_average(home[0]) - goals_above_average(away[1])
