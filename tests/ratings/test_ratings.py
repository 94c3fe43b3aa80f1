import math
import pickle
from copy import deepcopy
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream_app.events import LeagueKind
from stream_app.ratings import Match, Ratings
from tests.ratings.worlds import Played, league, nations

START = datetime(2000, 1, 1, tzinfo=UTC)
KINDS: tuple[LeagueKind, ...] = ("league", "national")

goals = st.integers(0, 5) | st.sampled_from([10, 99, 10**9])
fixtures = st.lists(
    st.tuples(
        st.sampled_from(["1", "2", "3"]),
        st.floats(-400, 800),
        st.sampled_from([("A", "B"), ("B", "A"), ("C", "A"), ("D", "E")]),
        st.booleans(),
        st.booleans(),
        goals,
        goals,
    ),
    max_size=60,
)


def matches(kind: LeagueKind) -> list[Played]:
    return list(league(seasons=3, teams=6)) if kind == "league" else list(nations(150, teams=10))


@pytest.mark.parametrize("kind", KINDS)
def test_looking_at_a_match_changes_nothing(kind: LeagueKind) -> None:
    ratings = Ratings(kind)
    played = matches(kind)
    for number, (match, home_goals, away_goals) in enumerate(played):
        if number % 20 == 0:
            before = pickle.dumps(ratings)
            first = ratings.inputs(match)
            ratings.inputs(played[-1][0])
            assert ratings.inputs(match) == first
            assert pickle.dumps(ratings) == before
        ratings.learn(match, home_goals, away_goals)


@given(fixtures, st.sampled_from(KINDS))
@settings(max_examples=60, deadline=None)
def test_whatever_happens_every_input_stays_finite(
    played: list[tuple[str, float, tuple[str, str], bool, bool, int, int]], kind: LeagueKind
) -> None:
    ratings = Ratings(kind)
    for season, days, (home, away), neutral, friendly, home_goals, away_goals in played:
        match = Match(season, START + timedelta(days=days), home, away, neutral, friendly)
        assert all(map(math.isfinite, ratings.inputs(match).values()))
        ratings.learn(match, home_goals, away_goals)
        assert all(map(math.isfinite, ratings.inputs(match).values()))


def test_one_absurd_score_moves_forecasts_a_little_and_fades() -> None:
    def told(goals: int) -> list[float]:
        ratings, distances = Ratings("league"), []
        for number, (match, home_goals, away_goals) in enumerate(league(seasons=6, teams=8)):
            distances.append(ratings.inputs(match)["kalman_log_rate_ratio"])
            ratings.learn(match, home_goals + (goals if number == 56 else 0), away_goals)
        return distances

    apart = [abs(one - other) for one, other in zip(told(0), told(10_000), strict=True)]
    season = 56
    assert 0.3 < max(apart) < 1.0
    assert max(apart[2 * season :]) < 0.6 * max(apart)
    assert max(apart[4 * season :]) < 0.2 * max(apart)


def test_an_absurd_score_counts_as_ten_goals_with_the_same_lead_where_it_can_be_kept() -> None:
    pairs = []
    for score in ((1_000_000, 0), (10, 0)), ((13, 11), (10, 8)):
        states = []
        for home_goals, away_goals in score:
            ratings = Ratings("league")
            ratings.learn(Match("1", START, "A", "B"), home_goals, away_goals)
            states.append(ratings.inputs(Match("1", START, "A", "B")))
        pairs.append(states)
    assert all(first == second for first, second in pairs)


def test_teams_that_are_gone_are_forgotten() -> None:
    ratings = Ratings("league")
    for match, home_goals, away_goals in league(seasons=30, teams=4):
        ratings.learn(match, home_goals, away_goals)
    for system in ratings.systems:
        assert len(vars(system)["teams"]) <= 6


@pytest.mark.parametrize("kind", KINDS)
def test_ratings_go_on_to_the_last_bit_after_being_pickled_anywhere(kind: LeagueKind) -> None:
    straight, interrupted = Ratings(kind), Ratings(kind)
    for match, home_goals, away_goals in matches(kind):
        interrupted = pickle.loads(pickle.dumps(interrupted))  # noqa: S301  # made a line above
        assert interrupted.inputs(match) == straight.inputs(match)
        straight.learn(match, home_goals, away_goals)
        interrupted.learn(match, home_goals, away_goals)


def test_inputs_hold_a_flat_dictionary_of_floats() -> None:
    ratings = Ratings("national")
    match = Match("", START, "A", "B", neutral=True, friendly=True)
    inputs = ratings.inputs(match)
    assert all(type(value) is float for value in inputs.values())
    assert (inputs["neutral"], inputs["friendly"]) == (1.0, 1.0)
    assert deepcopy(inputs) == inputs
