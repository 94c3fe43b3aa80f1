"""Attack and defence by gradient steps on the Poisson likelihood of the goals.

The model is that of Maher, M. J. (1982), 'Modelling association football scores', Statistica Neerlandica 36(3),
109-118: a side scores at a rate of exp(level + home advantage + own attack - other side's defence). Each match moves
its teams by one step of the log-likelihood's gradient, which is goals minus rate.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from stream_app.events import LeagueKind
from stream_app.ratings.contract import Entry, Match, Moment, Rating
from stream_app.ratings.scores import (
    bounded_log_rate,
    bounded_strength,
    goal_probabilities,
    learned_rho,
    outcome_probabilities,
)

LARGEST_ERROR = 3.0
"""Goals beyond which a surprise teaches no more: one 9-0 must not turn a table over."""


@dataclass(frozen=True, slots=True)
class PoissonParameters:
    """Steps in log-goals for a goal too many, and where teams start. `keep` is the share left after a season."""

    step: float
    global_step: float = 0.003
    keep: float = 0.95
    promoted: float = -0.1


LEAGUE = PoissonParameters(step=0.025)
NATIONAL = PoissonParameters(step=0.045)

Strength = tuple[float, float]
"""A team's attack and its defence, in log-goals above the average team."""


class Poisson(Rating):
    """Attack and defence of every team, the level of goals, home advantage and the low-score term.

    `inputs` names `poisson_log_hd` and `poisson_log_ad`, the log ratios of home win and of away win to draw, and
    `poisson_log_rate_ratio`, that of home goals to away goals.
    """

    def __init__(self, kind: LeagueKind) -> None:
        self.parameters = LEAGUE if kind == "league" else NATIONAL
        self.level = 0.15
        self.home_advantage = 0.3
        self.rho = -0.03
        self.teams: dict[str, Strength] = {}

    def inputs(self, match: Match, moment: Moment) -> dict[str, float]:
        home, away = self._log_rates(match, *self._strengths(match, moment))
        home_wins, draws, away_wins = outcome_probabilities(
            goal_probabilities(home), goal_probabilities(away), self.rho
        )
        return {
            "poisson_log_hd": math.log(home_wins / draws),
            "poisson_log_ad": math.log(away_wins / draws),
            "poisson_log_rate_ratio": home - away,
        }

    def learn(self, match: Match, moment: Moment, home_goals: int, away_goals: int) -> None:
        home, away = self._strengths(match, moment)
        log_home, log_away = self._log_rates(match, home, away)
        home_rate, away_rate = math.exp(log_home), math.exp(log_away)
        home_error = min(max(home_goals - home_rate, -LARGEST_ERROR), LARGEST_ERROR)
        away_error = min(max(away_goals - away_rate, -LARGEST_ERROR), LARGEST_ERROR)
        step, global_step = self.parameters.step, self.parameters.global_step
        self.teams[match.home] = _moved(home, step * home_error, step * away_error)
        self.teams[match.away] = _moved(away, step * away_error, step * home_error)
        self.level += global_step * (home_error + away_error) / 2.0
        if not match.neutral:
            self.home_advantage += global_step * (home_error - away_error) / 2.0
        self.rho = learned_rho(home_goals, away_goals, home_rate, away_rate, self.rho)

    def forget(self, team: str) -> None:
        self.teams.pop(team, None)

    def _strengths(self, match: Match, moment: Moment) -> tuple[Strength, Strength]:
        return self._strength(match.home, moment.home), self._strength(match.away, moment.away)

    def _strength(self, team: str, entry: Entry) -> Strength:
        if entry is Entry.SETTLED:
            return self.teams[team]
        if entry is Entry.RETURNING:
            attack, defence = self.teams[team]
            return attack * self.parameters.keep, defence * self.parameters.keep
        start = self.parameters.promoted if entry is Entry.PROMOTED else 0.0
        return start, start

    def _log_rates(self, match: Match, home: Strength, away: Strength) -> tuple[float, float]:
        """Logarithms of the expected goals of both sides."""
        side = 0.0 if match.neutral else self.home_advantage / 2.0
        return (
            bounded_log_rate(self.level + side + home[0] - away[1]),
            bounded_log_rate(self.level - side + away[0] - home[1]),
        )


def _moved(strength: Strength, scored: float, conceded: float) -> Strength:
    """The strength after more goals than expected at both ends, in steps."""
    return bounded_strength(strength[0] + scored), bounded_strength(strength[1] - conceded)
