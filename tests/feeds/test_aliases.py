from __future__ import annotations

from pathlib import Path

import pytest

from stream_app.errors import InvalidInput
from stream_app.feeds import football_data
from stream_app.feeds.aliases import Aliases, near_duplicates, read
from stream_app.feeds.datasets import Fixture
from tests.support.matches import START


def fixtures(*pairs: tuple[str, str], competition: str = "E0") -> list[Fixture]:
    return [
        Fixture(f"{competition}:{number}", competition, "2024", START, home, away)
        for number, (home, away) in enumerate(pairs)
    ]


def test_a_file_gives_teams_their_names(tmp_path: Path) -> None:
    file = tmp_path / "aliases.toml"
    file.write_text('[aliases]\n"Manchester Utd" = "Man United"\n', encoding="utf-8")
    aliases = read(file)
    assert (aliases.of("Manchester Utd"), aliases.of("Fulham")) == ("Man United", "Fulham")
    data = tmp_path / "E0.csv"
    data.write_text("Div,Date,HomeTeam,AwayTeam,FTHG,FTAG\nE0,01/08/24,Manchester Utd,Fulham,1,0\n", encoding="utf-8")
    [match] = football_data.load([data], aliases=aliases)
    assert (match.home, match.match_id) == ("Man United", "E0:20240801:man-united:fulham")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("[aliases", "wanted a TOML file"),
        ("[names]\na = 'b'\n", r"wanted one table \[aliases\]"),
        ("[aliases]\na = 3\n", "'a' is 3; wanted a name"),
        ("[aliases]\na = 'b'\nb = 'c'\n", "'a' stands for 'b', which is an alias itself"),
    ],
)
def test_a_wrong_file_is_told(content: str, reason: str, tmp_path: Path) -> None:
    file = tmp_path / "aliases.toml"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(InvalidInput, match=reason):
        read(file)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="No such file or directory; wanted a TOML file"):
        read(tmp_path / "aliases.toml")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Man United", "Manchester Utd"),
        ("FC Köln", "Koln"),
        ("Borussia Mönchengladbach", "Borussia Moenchengladbach"),
        ("Nott'm Forest", "Nottm Forest"),
        ("AFC Wimbledon", "Wimbledon"),
        ("Sheffield Wednesday", "Sheffield Weds"),
    ],
)
def test_names_that_may_mean_one_team_are_found(one: str, other: str) -> None:
    first, second = sorted((one, other))
    assert near_duplicates(fixtures((one, "Xanthi"), ("Xanthi", other))) == [("E0", first, second)]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Man United", "Man City"),
        ("Manchester Utd", "Newcastle Utd"),
        ("Real Madrid", "Real Sociedad"),
        ("Inter", "Milan"),
        ("Roma", "Rodez"),
        ("Leeds", "Leeds City Rovers"),
    ],
)
def test_names_of_two_teams_are_left_alone(one: str, other: str) -> None:
    assert near_duplicates(fixtures((one, "Xanthi"), ("Xanthi", other))) == []


def test_teams_that_have_met_or_play_elsewhere_are_two() -> None:
    assert near_duplicates(fixtures(("Man United", "Manchester Utd"))) == []
    elsewhere = fixtures(("Man United", "A")) + fixtures(("Manchester Utd", "A"), competition="E1")
    assert near_duplicates(elsewhere) == []


def test_without_a_file_every_name_stays() -> None:
    assert Aliases().of("Manchester Utd") == "Manchester Utd"
