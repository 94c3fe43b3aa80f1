import math

import pytest

from stream_app.ratings.calendar import Calendar
from stream_app.ratings.poisson import Poisson
from tests.ratings.worlds import league


def test_every_match_takes_one_step_along_the_gradient_of_the_likelihood() -> None:
    rating, calendar = Poisson("league"), Calendar("league")
    matches = list(league(seasons=1, teams=6))
    for match, home_goals, away_goals in matches[:-1]:
        rating.learn(match, calendar.moment(match), home_goals, away_goals)
        calendar.advance(match)
    match = matches[-1][0]
    home, away = rating.teams[match.home], rating.teams[match.away]
    before = (rating.level, rating.home_advantage)

    def log_likelihood(home_attack: float, home_defence: float, away_attack: float, away_defence: float) -> float:
        log_home = before[0] + before[1] / 2 + home_attack - away_defence
        log_away = before[0] - before[1] / 2 + away_attack - home_defence
        return 2 * log_home - math.exp(log_home) + log_away - math.exp(log_away)

    start = [*home, *away]
    slopes = []
    for place in range(4):
        up, down = list(start), list(start)
        up[place] += 1e-5
        down[place] -= 1e-5
        slopes.append((log_likelihood(*up) - log_likelihood(*down)) / 2e-5)
    rating.learn(match, calendar.moment(match), 2, 1)
    moved = [*rating.teams[match.home], *rating.teams[match.away]]
    steps = [new - old for new, old in zip(moved, start, strict=True)]
    assert steps == pytest.approx([0.025 * slope for slope in slopes], rel=1e-5)


def test_the_true_order_of_the_teams_is_found() -> None:
    rating, calendar = Poisson("league"), Calendar("league")
    seen: dict[str, int] = {}
    for match, home_goals, away_goals in league(seasons=12, teams=8, seed=4):
        rating.learn(match, calendar.moment(match), home_goals, away_goals)
        calendar.advance(match)
        seen[match.home] = seen.get(match.home, 0) + home_goals - away_goals
    strong = max(rating.teams, key=lambda team: sum(rating.teams[team]))
    weak = min(rating.teams, key=lambda team: sum(rating.teams[team]))
    assert seen[strong] > 0 > seen[weak]


def test_a_surprise_of_more_than_three_goals_teaches_as_much_as_one_of_three() -> None:
    match = next(league(seasons=1))[0]
    moment = Calendar("league").moment(match)
    strengths = []
    for goals in (6, 10):
        rating = Poisson("league")
        rating.learn(match, moment, goals, 0)
        strengths.append(rating.teams[match.home])
    assert strengths[0] == strengths[1]
