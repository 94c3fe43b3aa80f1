"""The analytics of one competition, as a league keeps them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from stream_app.analytics.numbers import short
from stream_app.analytics.randomness import RandomnessWatch
from stream_app.analytics.scores import transform
from stream_app.analytics.streaks import OUTCOME_STREAKS, TEAM_STREAKS, Streaks
from stream_app.analytics.transitions import Chain, Pairings
from stream_app.events import OUTCOMES, Analytics, GoalRates, Probabilities, TeamAnalytics, outcome_of
from stream_app.ratings.scores import goal_probabilities

MOST_TEAMS = 512
"""Teams whose streaks are remembered, those that played last."""

MOST_TOLD = 20
"""Difference between two runs beyond which models are told no more: no rating input may be larger than 25."""

SHOWN_TEAMS = 48
"""Teams that are shown: the largest tournament has as many."""

INPUTS = (*(f"streak_{kind}" for kind in TEAM_STREAKS), *(f"transition_{outcome}" for outcome in OUTCOMES))
"""Names of the numbers that `CompetitionAnalytics.inputs` has on a match."""


@dataclass(frozen=True, slots=True)
class Foretold:
    """What was foretold of a match: the champion's probabilities, and the distribution of the goals."""

    probabilities: Probabilities
    rates: GoalRates


@dataclass(frozen=True, slots=True)
class Played:
    """A match as analytics look at it."""

    match_id: str
    finished_at: datetime
    home: str
    away: str
    home_goals: int
    away_goals: int


class CompetitionAnalytics:
    """Streaks, transitions and randomness of one competition.

    Every match counts once, in the order in which results were learned and as it was first learned: a later correction
    changes nothing here, since what came after it was already seen in its light.
    """

    def __init__(self) -> None:
        self.matches = 0
        self.as_of: datetime | None = None
        """The latest moment at which a match that counts was over."""
        self.randomness = RandomnessWatch()
        self.outcomes = Streaks(OUTCOME_STREAKS)
        self.teams: dict[str, Streaks] = {}
        """Those that played last at the end."""
        self.chain = Chain()
        self.pairings = Pairings()

    def inputs(self, home: str, away: str) -> dict[str, float]:
        """What there is on a match before it is played, for models that want it.

        `streak_winning` and the like are the home side's current run minus the away side's, 0 for an unknown team;
        `transition_H` and the like are how often each outcome followed the competition's last one.
        """
        known = [self.teams[team].current if team in self.teams else (0,) * len(TEAM_STREAKS) for team in (home, away)]
        runs = [float(max(-MOST_TOLD, min(MOST_TOLD, mine - theirs))) for mine, theirs in zip(*known, strict=True)]
        return dict(zip(INPUTS, (*runs, *(self.chain.next_chances() or ())), strict=False))

    def learn(self, played: Played, foretold: Foretold | None, *, virtual: bool) -> None:
        """Learn how a match ended, once. With `virtual` its score is tested too, which then has to be drawn."""
        self.matches += 1
        self.as_of = played.finished_at if self.as_of is None else max(self.as_of, played.finished_at)
        outcome = outcome_of(played.home_goals, played.away_goals)
        place = OUTCOMES.index(outcome)
        triple = None
        goals: tuple[float, ...] = ()
        if foretold is not None:
            triple = foretold.probabilities.H, foretold.probabilities.D, foretold.probabilities.A
            if virtual:
                goals = transform(foretold.rates, played.match_id, played.home_goals, played.away_goals)
        self.randomness.learn(triple, place, goals)
        self.outcomes.learn([at == place for at in range(len(OUTCOMES))], triple)
        self.chain.learn(place)
        self.pairings.learn(played.home, played.away, place)
        self._learn_teams(played, foretold)

    def figures(self, competition: str, ratings: Mapping[str, float]) -> Analytics:
        """Everything, for publication; `ratings` are those of the teams, where they have one."""
        latest = list(self.teams.items())[-SHOWN_TEAMS:]
        teams = [
            TeamAnalytics(team, streaks.matches, short(ratings.get(team, 0.0)), streaks.figures())
            for team, streaks in latest
        ]
        return Analytics(
            competition=competition,
            as_of=self.as_of,
            matches=self.matches,
            randomness=self.randomness.figures(),
            streaks=self.outcomes.figures(),
            teams=tuple(sorted(teams, key=lambda team: (-team.rating, team.team))),
            transitions=self.chain.figures(),
            pairings=self.pairings.figures(),
        )

    def _learn_teams(self, played: Played, foretold: Foretold | None) -> None:
        home, away = self._streaks(played.home), self._streaks(played.away)
        mine, theirs = played.home_goals, played.away_goals
        of_home = of_away = None
        if foretold is not None:
            p, rates = foretold.probabilities, foretold.rates
            home_scores = _scores(rates.log_home_rate, rates.home_spread)
            away_scores = _scores(rates.log_away_rate, rates.away_spread)
            of_home = p.H, p.H + p.D, p.A, p.D, home_scores, 1.0 - away_scores
            of_away = p.A, p.A + p.D, p.H, p.D, away_scores, 1.0 - home_scores
        home.learn(_facts(mine, theirs), of_home)
        away.learn(_facts(theirs, mine), of_away)

    def _streaks(self, team: str) -> Streaks:
        streaks = self.teams.pop(team, None)
        if streaks is None:
            streaks = Streaks(TEAM_STREAKS)
        self.teams[team] = streaks
        if len(self.teams) > MOST_TEAMS:
            del self.teams[next(iter(self.teams))]
        return streaks


def _facts(mine: int, theirs: int) -> tuple[bool, ...]:
    """What is true of a match for one side, in the order of `TEAM_STREAKS`."""
    return mine > theirs, mine >= theirs, mine < theirs, mine == theirs, mine > 0, theirs == 0


def _scores(log_rate: float, spread: float) -> float:
    """Probability that a side scores."""
    chances = goal_probabilities(log_rate, spread)
    return 1.0 - chances[0] / sum(chances)
