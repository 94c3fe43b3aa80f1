"""Recent matches as a league keeps them."""

from __future__ import annotations

import pickle
from datetime import timedelta

import pytest

from stream_app.lifecycle.recent import RecentMatches
from tests.lifecycle.worlds import START, season


def test_a_match_comes_back_as_it_was_but_for_the_digits_that_no_rating_has() -> None:
    recent = RecentMatches(3)
    recent.add(START, {"elo": 111.26186213299604, "x:shots": 4.0}, "D")
    (match,) = recent.matches()
    assert (match.at, match.outcome, list(match.x)) == (START, "D", ["elo", "x:shots"])
    assert match.x == pytest.approx({"elo": 111.26186213299604, "x:shots": 4.0}, rel=1e-7)


def test_the_latest_matches_are_kept_oldest_first() -> None:
    recent = RecentMatches(3)
    for day in range(5):
        # What upstream knows differs from match to match.
        recent.add(START + timedelta(days=day), {"day": day} | ({"odd": 1.0} if day % 2 else {}), "H")
    assert [(match.x["day"], len(match.x)) for match in recent.matches()] == [(2, 1), (3, 2), (4, 1)]
    recent.resize(2)
    assert [match.x["day"] for match in recent.matches()] == [3, 4]
    recent.resize(4)
    recent.add(START, {"day": 5}, "A")
    assert len(recent) == 3


def test_none_are_kept_when_none_are_wanted() -> None:
    recent = RecentMatches(0)
    recent.add(START, {"day": 1.0}, "H")
    assert recent.matches() == []


def test_four_hundred_matches_with_25_inputs_take_less_than_50_kilobytes_and_survive_pickling() -> None:
    recent = RecentMatches(400)
    names = [f"input_{number}" for number in range(25)]
    for match in season(500):
        recent.add(match.at, {name: match.x["strength"] for name in names}, match.outcome)
    pickled = pickle.dumps(recent, protocol=5)
    assert len(pickled) < 50_000
    assert pickle.loads(pickled).matches() == recent.matches()  # noqa: S301  made on the line above
