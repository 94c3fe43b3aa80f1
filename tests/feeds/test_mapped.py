from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from stream_app.errors import InvalidInput
from stream_app.feeds.aliases import Aliases
from stream_app.feeds.datasets import Fixture, PlayedMatch
from stream_app.feeds.importing import BadRow
from stream_app.feeds.mapped import read, read_mapping

FULL = """
season = "2024"
delimiter = ";"
zone = "Europe/Oslo"
date_format = "%d.%m.%Y"
friendly = ["Vennskap"]
yes = ["ja"]

[columns]
date = "Dato"
time = "Tid"
home = "Hjemme"
away = "Borte"
home_goals = "HM"
away_goals = "BM"
competition = "Serie"
neutral = "Nøytral"
importance = "Type"

[features]
odds_home = "H"
"""
DATA = """\
Serie;Dato;Tid;Hjemme;Borte;HM;BM;Nøytral;Type;H
Eliteserien;01.04.2024;18:00;Brann;Bodø/Glimt;2;1;ja;Vennskap;2.5
Eliteserien;02.04.2024;;Viking;Molde;;;nei;;
"""
SMALL = 'competition = "cup"\n[columns]\ndate = "d"\nhome = "h"\naway = "a"\nhome_goals = "x"\naway_goals = "y"\n'


def written(folder: Path, name: str, content: str) -> Path:
    file = folder / name
    file.write_text(content, encoding="utf-8")
    return file


def test_a_mapping_says_what_the_columns_hold(tmp_path: Path) -> None:
    mapping = read_mapping(written(tmp_path, "m.toml", FULL))
    data = written(tmp_path, "d.csv", DATA)
    first, second = read([data], mapping, aliases=Aliases({"Brann": "SK Brann"}))
    assert first == PlayedMatch(
        match_id="Eliteserien:20240401:sk-brann:bodø-glimt",
        competition="Eliteserien",
        season="2024",
        kickoff=datetime(2024, 4, 1, 16, 0, tzinfo=UTC),
        home="SK Brann",
        away="Bodø/Glimt",
        home_goals=2,
        away_goals=1,
        neutral=True,
        importance="friendly",
        features={"odds_home": 2.5},
    )
    assert isinstance(second, Fixture)
    assert (second.kickoff, second.features) == (datetime(2024, 4, 2, 13, 0, tzinfo=UTC), None)


def test_the_smallest_mapping_is_enough(tmp_path: Path) -> None:
    mapping = read_mapping(written(tmp_path, "m.toml", SMALL))
    [match] = read([written(tmp_path, "d.csv", "d,h,a,x,y\n2024-04-01,A,B,2,0\n")], mapping)
    assert (match.competition, match.season, match.kickoff.hour) == ("cup", "2024", 15)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("competition = ", "wanted a TOML file"),
        (SMALL.replace('competition = "cup"', ""), "wanted competition = NAME, or a column"),
        (SMALL.replace('home = "h"', ""), "columns.home: Field required"),
        (SMALL + 'colour = "c"\n', "columns.colour: Extra inputs are not permitted"),
        ('zone = "Mars/Olympus"\n' + SMALL, "zone: wanted the name of a time zone"),
        ('kickoff = "25:00"\n' + SMALL, "kickoff: String should match"),
    ],
)
def test_a_wrong_mapping_is_told(content: str, reason: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=reason):
        read_mapping(written(tmp_path, "m.toml", content))


def test_a_mapping_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"mapping .*m\.toml: No such file or directory"):
        read_mapping(tmp_path / "m.toml")


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("01.04.2024,A,B,1,0", "d '01.04.2024': wanted a day in the form %Y-%m-%d"),
        ("2024-04-01,A,B,1,", "y '': wanted a number of goals"),
        ("2024-04-01,A,,1,0", "a '': wanted a name"),
        ("2024-04-01,A,A,1,0", "a 'A': wanted another team"),
    ],
)
def test_a_bad_row_is_told(row: str, reason: str, tmp_path: Path) -> None:
    mapping = read_mapping(written(tmp_path, "m.toml", SMALL))
    told: list[BadRow] = []
    assert read([written(tmp_path, "d.csv", f"d,h,a,x,y\n{row}\n")], mapping, refuse=told.append) == []
    assert [reason in str(row) for row in told] == [True]


def test_a_feature_that_is_no_number_and_a_time_that_is_none_are_told(tmp_path: Path) -> None:
    mapping = read_mapping(written(tmp_path, "m.toml", FULL))
    content = DATA.replace("2.5", "many").replace(";;Viking", ";6 pm;Viking")
    told: list[BadRow] = []
    assert read([written(tmp_path, "d.csv", content)], mapping, refuse=told.append) == []
    assert [row.field for row in told] == ["H", "Tid"]


def test_a_column_that_the_file_lacks_is_told(tmp_path: Path) -> None:
    mapping = read_mapping(written(tmp_path, "m.toml", SMALL))
    with pytest.raises(InvalidInput, match=r"d\.csv: no column y"):
        read([written(tmp_path, "d.csv", "d,h,a,x\n")], mapping)
