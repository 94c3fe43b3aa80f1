import math

import pytest

from stream_app.ratings.calendar import Calendar
from stream_app.ratings.elo import Elo
from tests.ratings.worlds import league, nations


def test_elo_follows_a_naive_implementation_over_several_seasons() -> None:
    elo, calendar = Elo("league"), Calendar("league")
    points: dict[str, float] = {}
    season, playing, last = "1990", set[str](), set[str]()
    for match, home_goals, away_goals in league(seasons=4, teams=6):
        if match.season != season:
            points = {team: 0.95 * value for team, value in points.items()}
            season, playing, last = match.season, set(), playing
        for team in (match.home, match.away):
            if team not in playing:
                if season == "1990":
                    points[team] = 0.0
                elif team not in last:
                    points[team] = -60.0
                playing.add(team)
        difference = points[match.home] - points[match.away] + 65
        moment = calendar.moment(match)
        assert elo.inputs(match, moment)["elo_difference"] == pytest.approx(difference)
        expected = 1 / (1 + 10 ** (-difference / 400))
        actual = {1: 1.0, 0: 0.5, -1: 0.0}[(home_goals > away_goals) - (home_goals < away_goals)]
        step = 12 * (1 + 0.8 * math.log(1 + abs(home_goals - away_goals))) * (actual - expected)
        points[match.home] += step
        points[match.away] -= step
        elo.learn(match, moment, home_goals, away_goals)
        calendar.advance(match)


def test_friendlies_move_national_teams_less_and_neutral_ground_has_no_home_side() -> None:
    elo, calendar = Elo("national"), Calendar("national")
    points: dict[str, float] = {}
    for match, home_goals, away_goals in nations(300, teams=12):
        home, away = points.setdefault(match.home, -250.0), points.setdefault(match.away, -250.0)
        difference = home - away + (0 if match.neutral else 65)
        moment = calendar.moment(match)
        assert elo.inputs(match, moment)["elo_difference"] == pytest.approx(difference)
        actual = {1: 1.0, 0: 0.5, -1: 0.0}[(home_goals > away_goals) - (home_goals < away_goals)]
        step = 40 * (0.6 if match.friendly else 1) * (1 + 0.8 * math.log(1 + abs(home_goals - away_goals)))
        points[match.home] += step * (actual - 1 / (1 + 10 ** (-difference / 400)))
        points[match.away] -= step * (actual - 1 / (1 + 10 ** (-difference / 400)))
        elo.learn(match, moment, home_goals, away_goals)
        calendar.advance(match)


def test_a_lead_of_400_points_is_worth_ten_to_one() -> None:
    elo, calendar = Elo("national"), Calendar("national")
    match = next(nations(1))[0]
    elo.teams = {match.home: 400.0 - (0.0 if match.neutral else 65.0), match.away: 0.0}
    calendar.advance(match)
    elo.learn(match, calendar.moment(match), 1, 0)
    step = 40.0 * (0.6 if match.friendly else 1.0) * (1 + 0.8 * math.log(2))
    assert elo.teams[match.away] == pytest.approx(-step / 11)
