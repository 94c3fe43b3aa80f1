"""How the ratings of teams went."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from stream_app.web.teams import CAPACITY, TEAMS, RatingLine, RatingLines
from tests.web.made import KICKOFF, prediction


def test_the_latest_rating_of_each_team_is_told_the_best_first() -> None:
    lines = RatingLines()
    lines.add(prediction("m1"))
    later = prediction("m2", kickoff=KICKOFF + timedelta(days=7), home="1. FC Köln", away="Hertha BSC")
    lines.add(replace(later, home_rating=31.0, away_rating=4.0))
    assert lines.latest() == {"1. FC Köln": 31.0, "Schalke 04": 12.0, "Hertha BSC": 4.0}
    assert list(lines.latest()) == ["1. FC Köln", "Schalke 04", "Hertha BSC"]


def test_a_rating_holds_until_the_next_one() -> None:
    lines = RatingLines()
    lines.add(prediction("m1"))
    later = prediction("m2", kickoff=KICKOFF + timedelta(days=7), home="1. FC Köln", away="Hertha BSC")
    lines.add(replace(later, home_rating=31.0, away_rating=4.0))
    times, drawn = lines.together(["1. FC Köln", "Schalke 04", "Hertha BSC", "nobody"])
    assert times == [KICKOFF.timestamp(), (KICKOFF + timedelta(days=7)).timestamp()]
    assert drawn == {"1. FC Köln": [-8.0, 31.0], "Schalke 04": [12.0, 12.0], "Hertha BSC": [None, 4.0]}


def test_a_prediction_without_ratings_changes_nothing() -> None:
    lines = RatingLines()
    lines.add(replace(prediction("m1"), home_rating=None, away_rating=None))
    assert lines.latest() == {}


def test_a_line_is_bounded_keeps_its_end_and_never_goes_back() -> None:
    line = RatingLine()
    for number in range(10 * CAPACITY):
        line.add(float(number), float(number))
        line.add(float(number), number + 0.5)
        line.add(float(number) - 3.0, -1.0)
        assert len(line.times) == len(line.ratings) <= CAPACITY
        assert (line.times[-1], line.ratings[-1]) == (number, number + 0.5)
    assert line.times == sorted(set(line.times))
    assert line.times[0] == 0.0


def test_teams_without_end_are_not_held_without_end() -> None:
    lines = RatingLines()
    for number in range(TEAMS):
        lines.add(prediction(f"m{number}", home=f"home {number}", away=f"away {number}"))
    assert len(lines.latest()) == TEAMS
