import math
from datetime import UTC, datetime

import pytest

from stream_app.ratings.calendar import Calendar
from stream_app.ratings.contract import Match
from stream_app.ratings.pi import Pi, goals_above_average, weighed
from tests.ratings.worlds import league


def test_a_rating_of_three_is_worth_nine_goals_in_the_scale_of_the_paper() -> None:
    assert goals_above_average(3.0) == pytest.approx(9.0)
    assert goals_above_average(-3.0) == pytest.approx(-9.0)
    assert goals_above_average(0.0) == 0.0


def test_large_errors_are_shrunk_to_three_times_their_decimal_logarithm() -> None:
    assert weighed(9.0) == pytest.approx(3.0)
    assert weighed(-99.0) == pytest.approx(-6.0)


def test_pi_ratings_follow_the_papers_update_over_several_seasons() -> None:
    pi, calendar = Pi("league"), Calendar("league")
    at_home: dict[str, float] = {}
    on_road: dict[str, float] = {}
    season, playing, last = "1990", set[str](), set[str]()

    def expected(rating: float) -> float:
        goals: float = 10 ** (abs(rating) / 3) - 1
        return goals if rating >= 0 else -goals

    for match, home_goals, away_goals in league(seasons=4, teams=6, seed=2):
        if match.season != season:
            at_home = {team: 0.9 * value for team, value in at_home.items()}
            on_road = {team: 0.9 * value for team, value in on_road.items()}
            season, playing, last = match.season, set(), playing
        for team in (match.home, match.away):
            if team not in playing:
                playing.add(team)
                if season == "1990" or team not in last:
                    at_home[team] = on_road[team] = 0.0
        difference = expected(at_home[match.home]) - expected(on_road[match.away])
        moment = calendar.moment(match)
        assert pi.inputs(match, moment)["pi_difference"] == pytest.approx(difference)
        error = abs(home_goals - away_goals - difference)
        psi = 3 * math.log10(1 + error) * (1 if home_goals - away_goals > difference else -1)
        new_home, new_road = at_home[match.home] + 0.05 * psi, on_road[match.away] - 0.05 * psi
        on_road[match.home] += 0.7 * (new_home - at_home[match.home])
        at_home[match.away] += 0.7 * (new_road - on_road[match.away])
        at_home[match.home], on_road[match.away] = new_home, new_road
        pi.learn(match, moment, home_goals, away_goals)
        calendar.advance(match)


def test_on_neutral_ground_both_ratings_count_and_move_alike() -> None:
    pi, calendar = Pi("national"), Calendar("national")
    match = Match("", datetime(2000, 1, 1, tzinfo=UTC), "A", "B", neutral=True)
    calendar.advance(match)
    pi.teams = {"A": (0.6, 0.2), "B": (-0.1, -0.3)}
    moment = calendar.moment(match)
    assert pi.inputs(match, moment)["pi_difference"] == pytest.approx(10 ** (0.4 / 3) - 1 + 10 ** (0.2 / 3) - 1)
    pi.learn(match, moment, 0, 3)
    assert pi.teams["A"][0] - pi.teams["A"][1] == pytest.approx(0.4)
    assert pi.teams["A"][0] < 0.6
    assert pi.teams["B"][0] > -0.1
