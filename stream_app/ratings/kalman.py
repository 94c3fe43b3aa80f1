"""Attack and defence as a Kalman filter over the goals: every strength comes with how well it is known.

The model of the goals is Maher's (see `poisson`), and strengths drift as in Rue, H. and Salvesen, O. (2000),
'Prediction and retrospective analysis of soccer matches in a league', The Statistician 49(3), 399-418. Each goal count
is one observation of an extended Kalman filter for a Poisson mean on the log scale; see Fahrmeir, L. (1992), 'Posterior
mode estimation by extended Kalman filtering for multivariate dynamic generalized linear models', Journal of the
American Statistical Association 87(418), 501-509. Only variances are kept, no covariances: with all of them the log
loss changed by 0.0002 on two leagues, and a match cost several times as much.
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


@dataclass(frozen=True, slots=True)
class KalmanParameters:
    """Variances in squared log-goals, noises in squared log-goals a day. Tuned on several leagues together.

    Attributes
    ----------
    team_noise, global_noise
        By how much strengths, and the level of goals and home advantage, drift.
    keep
        The share of a strength that is left after a season, in which its variance grows by `season_variance`.
    new_variance, promoted_variance
        How unsure the start of a new or of a promoted team is.
    new_below
        By how much a new team is weaker than the mean of the known ones.
    friendly
        The weight of a friendly's goals as evidence.
    spread
        Whether predictions are averaged over what is not known about the rates. It matters where teams are known badly,
        and made leagues worse by 0.001.
    """

    team_noise: float
    global_noise: float
    new_variance: float
    friendly: float
    new_below: float = 0.0
    keep: float = 0.98
    season_variance: float = 0.01
    promoted_variance: float = 0.04
    spread: bool = False


LEAGUE = KalmanParameters(team_noise=2e-5, global_noise=2e-6, new_variance=0.06, friendly=0.6)
NATIONAL = KalmanParameters(
    team_noise=5e-5, global_noise=5e-6, new_variance=0.25, friendly=0.8, new_below=0.5, spread=True
)

PROMOTED_START = -0.12
PROMOTED_STEP = 0.05
"""Promoted teams start at this attack and defence; each season moves the start by this share towards what the last
promoted teams became."""


@dataclass(slots=True)
class Strength:
    """A team's attack and defence in log-goals above the average team, with their variances, at some clock."""

    attack: float
    defence: float
    attack_variance: float
    defence_variance: float
    clock: float


class Kalman(Rating):
    """Attack and defence of every team, the level of goals, home advantage, and how well each of them is known.

    `inputs` names `kalman_log_home_rate` and `kalman_log_away_rate`, logarithms of the expected goals of both sides,
    with their difference `kalman_log_rate_ratio` and their sum `kalman_log_rate_sum`;
    `kalman_home_spread` and `kalman_away_spread`, their standard deviations (0 where predictions are not averaged over
    them); `kalman_rho`, the low-score term; `kalman_log_hd` and `kalman_log_ad`, the log ratios of home win and of
    away win to draw that follow from all these.
    """

    def __init__(self, kind: LeagueKind) -> None:
        self.parameters = LEAGUE if kind == "league" else NATIONAL
        self.level, self.level_variance = 0.15, 0.05
        self.home_advantage, self.home_variance = 0.3, 0.02
        self.rho = -0.03
        self.clock = 0.0
        self.season = 0
        self.promoted_start = (PROMOTED_START, PROMOTED_START)
        self.promoted: list[str] = []
        """The promoted teams of the current season."""
        self.teams: dict[str, Strength] = {}
        self.total_attack = 0.0
        self.total_defence = 0.0

    def inputs(self, match: Match, moment: Moment) -> dict[str, float]:
        home, away = self._strengths(match, moment)
        side = 0.0 if match.neutral else 0.5
        log_home = self._log_rate(home, away, side)
        log_away = self._log_rate(away, home, -side)
        home_spread = away_spread = 0.0
        if self.parameters.spread:
            drift = self.parameters.global_noise * (moment.clock - self.clock) * (1.0 + side * side)
            home_spread = math.sqrt(self._variance(home, away, side) + drift)
            away_spread = math.sqrt(self._variance(away, home, side) + drift)
        home_wins, draws, away_wins = outcome_probabilities(
            goal_probabilities(log_home, home_spread), goal_probabilities(log_away, away_spread), self.rho
        )
        return {
            "kalman_log_home_rate": log_home,
            "kalman_log_away_rate": log_away,
            "kalman_log_rate_ratio": log_home - log_away,
            "kalman_log_rate_sum": log_home + log_away,
            "kalman_home_spread": home_spread,
            "kalman_away_spread": away_spread,
            "kalman_rho": self.rho,
            "kalman_log_hd": math.log(home_wins / draws),
            "kalman_log_ad": math.log(away_wins / draws),
        }

    def learn(self, match: Match, moment: Moment, home_goals: int, away_goals: int) -> None:
        home, away = self._strengths(match, moment)
        self._pass_time(moment)
        side = 0.0 if match.neutral else 0.5
        home_rate = math.exp(self._log_rate(home, away, side))
        away_rate = math.exp(self._log_rate(away, home, -side))
        weight = self.parameters.friendly if match.friendly else 1.0
        self._observe(home, away, side, home_goals, weight)
        self._observe(away, home, -side, away_goals, weight)
        self.rho = learned_rho(home_goals, away_goals, home_rate, away_rate, self.rho)
        for team, strength, entry in ((match.home, home, moment.home), (match.away, away, moment.away)):
            self._keep(team, strength)
            if entry is Entry.PROMOTED:
                self.promoted.append(team)

    def forget(self, team: str) -> None:
        gone = self.teams.pop(team, None)
        if gone is not None:
            self.total_attack -= gone.attack
            self.total_defence -= gone.defence

    def _strengths(self, match: Match, moment: Moment) -> tuple[Strength, Strength]:
        return self._strength(match.home, moment.home, moment), self._strength(match.away, moment.away, moment)

    def _strength(self, team: str, entry: Entry, moment: Moment) -> Strength:
        """A copy of the team's strength as it is at `moment`."""
        set_by = self.parameters
        if entry is Entry.NEW:
            known = max(len(self.teams), 1)
            attack = self.total_attack / known - set_by.new_below
            defence = self.total_defence / known - set_by.new_below
            return Strength(attack, defence, set_by.new_variance, set_by.new_variance, moment.clock)
        if entry is Entry.PROMOTED:
            attack, defence = self._start_of_promoted(moment.season)
            return Strength(attack, defence, set_by.promoted_variance, set_by.promoted_variance, moment.clock)
        now = self.teams[team]
        noise = set_by.team_noise * (moment.clock - now.clock)
        if entry is Entry.SETTLED:
            return Strength(
                now.attack, now.defence, now.attack_variance + noise, now.defence_variance + noise, moment.clock
            )
        grown = set_by.season_variance + noise
        keep, kept = set_by.keep, set_by.keep**2
        return Strength(
            keep * now.attack,
            keep * now.defence,
            kept * now.attack_variance + grown,
            kept * now.defence_variance + grown,
            moment.clock,
        )

    def _start_of_promoted(self, season: int) -> tuple[float, float]:
        attack, defence = self.promoted_start
        if season <= self.season or not self.promoted:
            return attack, defence
        became = [self.teams[team] for team in self.promoted]
        return (
            attack + PROMOTED_STEP * (sum(team.attack for team in became) / len(became) - attack),
            defence + PROMOTED_STEP * (sum(team.defence for team in became) / len(became) - defence),
        )

    def _pass_time(self, moment: Moment) -> None:
        if moment.season > self.season:
            self.promoted_start = self._start_of_promoted(moment.season)
            self.promoted = []
            self.season = moment.season
        noise = self.parameters.global_noise * (moment.clock - self.clock)
        self.level_variance += noise
        self.home_variance += noise
        self.clock = moment.clock

    def _log_rate(self, scorer: Strength, other: Strength, side: float) -> float:
        return bounded_log_rate(self.level + side * self.home_advantage + scorer.attack - other.defence)

    def _variance(self, scorer: Strength, other: Strength, side: float) -> float:
        return self.level_variance + side * side * self.home_variance + scorer.attack_variance + other.defence_variance

    def _observe(self, scorer: Strength, other: Strength, side: float, goals: int, weight: float) -> None:
        """Update everything that the goals of one side depend on."""
        rate = math.exp(self._log_rate(scorer, other, side))
        total = self._variance(scorer, other, side) + 1.0 / (weight * rate)
        surprise = (goals - rate) / (rate * total)
        self.level += self.level_variance * surprise
        self.home_advantage += side * self.home_variance * surprise
        scorer.attack = bounded_strength(scorer.attack + scorer.attack_variance * surprise)
        other.defence = bounded_strength(other.defence - other.defence_variance * surprise)
        self.level_variance -= self.level_variance**2 / total
        self.home_variance -= (side * self.home_variance) ** 2 / total
        scorer.attack_variance -= scorer.attack_variance**2 / total
        other.defence_variance -= other.defence_variance**2 / total

    def _keep(self, team: str, strength: Strength) -> None:
        before = self.teams.get(team)
        self.total_attack += strength.attack - (before.attack if before else 0.0)
        self.total_defence += strength.defence - (before.defence if before else 0.0)
        self.teams[team] = strength
