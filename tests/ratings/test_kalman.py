"""The Kalman filter against a second, eager implementation, and against what it must do in any case."""

import math
from datetime import datetime

import pytest

from stream_app.ratings.calendar import Calendar
from stream_app.ratings.contract import Match
from stream_app.ratings.kalman import Kalman
from stream_app.ratings.scores import learned_rho
from tests.ratings.worlds import Played, league, nations


class Naive:
    """The same filter as one would first write it: all teams are touched whenever a day or a season passes."""

    def __init__(self, national: bool) -> None:
        self.national = national
        self.mean = {"level": 0.15, "home": 0.3}
        self.variance = {"level": 0.05, "home": 0.02}
        self.drift = {"level": 0.0, "home": 0.0}
        self.teams: list[str] = []
        self.playing: set[str] = set()
        self.last: set[str] = set()
        self.promoted: list[str] = []
        self.start = {"attack:": -0.12, "defence:": -0.12}
        self.rho = -0.03
        self.season = ""
        self.seasons = 0
        self.kickoff: datetime | None = None

    def enter(self, match: Match) -> None:
        if self.kickoff is not None:
            days = min((match.kickoff - self.kickoff).total_seconds() / 86_400, 60)
            if not self.national and match.season != self.season:
                self.roll_over()
            for key in self.drift:
                of_team = ":" in key
                self.drift[key] += days * ((5e-5 if of_team else 5e-6) if self.national else 2e-5 if of_team else 2e-6)
        self.kickoff, self.season = match.kickoff, match.season
        arrivals = [team for team in (match.home, match.away) if team not in self.playing]
        known = list(self.teams)
        for team in arrivals:
            self.playing.add(team)
            for part in ("attack:", "defence:"):
                if self.national or self.seasons == 0:
                    mean = sum(self.mean[part + other] for other in known) / len(known) if known else 0.0
                    self.mean[part + team] = mean - (0.5 if self.national else 0.0)
                    self.variance[part + team], self.drift[part + team] = 0.25 if self.national else 0.06, 0.0
                elif team not in self.last:
                    self.mean[part + team] = self.start[part]
                    self.variance[part + team], self.drift[part + team] = 0.04, 0.0
            if team not in self.teams:
                self.teams.append(team)
            if self.seasons > 0 and team not in self.last:
                self.promoted.append(team)

    def roll_over(self) -> None:
        for part in self.start:
            if self.promoted:
                became = sum(self.mean[part + team] for team in self.promoted) / len(self.promoted)
                self.start[part] += 0.05 * (became - self.start[part])
        for key in self.mean:
            if ":" in key:
                self.mean[key] *= 0.98
                self.variance[key] = 0.98**2 * self.variance[key] + 0.01
        self.seasons += 1
        self.last, self.playing, self.promoted = self.playing, set(), []

    def log_rate(self, scorer: str, other: str, side: float) -> float:
        return (
            self.mean["level"]
            + side * self.mean["home"]
            + self.mean["attack:" + scorer]
            - self.mean["defence:" + other]
        )

    def learn(self, match: Match, home_goals: int, away_goals: int) -> None:
        side = 0.0 if match.neutral else 0.5
        rates = (
            math.exp(self.log_rate(match.home, match.away, side)),
            math.exp(self.log_rate(match.away, match.home, -side)),
        )
        weight = (0.8 if self.national else 0.6) if match.friendly else 1.0
        parts = [part + team for team in (match.home, match.away) for part in ("attack:", "defence:")]
        for key in ("level", "home", *parts):
            self.variance[key] += self.drift[key]
            self.drift[key] = 0.0
        for scorer, other, goals, sign in (
            (match.home, match.away, home_goals, side),
            (match.away, match.home, away_goals, -side),
        ):
            coefficients = {"level": 1.0, "home": sign, "attack:" + scorer: 1.0, "defence:" + other: -1.0}
            rate = math.exp(self.log_rate(scorer, other, sign))
            total = sum(c * c * self.variance[key] for key, c in coefficients.items()) + 1 / (weight * rate)
            for key, c in coefficients.items():
                self.mean[key] += c * self.variance[key] * (goals - rate) / (rate * total)
            for key, c in coefficients.items():
                self.variance[key] -= (c * self.variance[key]) ** 2 / total
        self.rho = learned_rho(home_goals, away_goals, *rates, self.rho)

    def spread(self, match: Match) -> float:
        side = 0.0 if match.neutral else 0.5
        weights = {"level": 1.0, "home": side * side, "attack:" + match.home: 1.0, "defence:" + match.away: 1.0}
        return math.sqrt(sum(weight * (self.variance[key] + self.drift[key]) for key, weight in weights.items()))


def compare(matches: list[Played], national: bool) -> None:
    kind = "national" if national else "league"
    rating = Kalman("national" if national else "league")
    calendar, naive = Calendar("national" if national else "league"), Naive(national)
    for match, home_goals, away_goals in matches:
        naive.enter(match)
        moment = calendar.moment(match)
        inputs = rating.inputs(match, moment)
        side = 0.0 if match.neutral else 0.5
        told = (inputs["kalman_log_home_rate"], inputs["kalman_log_away_rate"], inputs["kalman_rho"])
        expected = (
            naive.log_rate(match.home, match.away, side),
            naive.log_rate(match.away, match.home, -side),
            naive.rho,
        )
        assert told == pytest.approx(expected, abs=1e-9), kind
        if national:
            assert inputs["kalman_home_spread"] == pytest.approx(naive.spread(match))
        naive.learn(match, home_goals, away_goals)
        rating.learn(match, moment, home_goals, away_goals)
        calendar.advance(match)


def test_the_filter_follows_a_naive_one_over_seasons_and_promotions() -> None:
    compare(list(league(seasons=5, teams=6, seed=3)), national=False)


def test_the_filter_follows_a_naive_one_for_national_teams() -> None:
    compare(list(nations(600, teams=14, seed=3)), national=True)


def test_a_team_is_known_better_after_a_match_and_worse_after_a_break() -> None:
    rating, calendar = Kalman("league"), Calendar("league")
    matches = list(league(seasons=1, teams=4))
    match = matches[0][0]
    before = rating._strength(match.home, calendar.moment(match).home, calendar.moment(match))
    rating.learn(match, calendar.moment(match), 1, 1)
    calendar.advance(match)
    after = rating.teams[match.home]
    assert after.attack_variance < before.attack_variance
    later = matches[-1][0]
    moment = calendar.moment(Match(later.season, later.kickoff, match.home, match.away))
    assert rating._strength(match.home, moment.home, moment).attack_variance > after.attack_variance


def test_a_friendly_teaches_less_than_a_match_that_counts() -> None:
    match = next(league(seasons=1))[0]
    friendly = Match(match.season, match.kickoff, match.home, match.away, friendly=True)
    moved = []
    for played in (match, friendly):
        rating = Kalman("league")
        rating.learn(played, Calendar("league").moment(played), 4, 0)
        moved.append(rating.teams[match.home].attack)
    assert moved[0] > moved[1] > 0
