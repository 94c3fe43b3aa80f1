from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from stream_app.errors import InvalidInput
from stream_app.feeds.datasets import Fixture, PlayedMatch
from stream_app.feeds.importing import BadRow
from stream_app.feeds.internationals import COMPETITION, load, read
from stream_app.settings import load as settings

CONTENT = """\
date,home_team,away_team,home_score,away_score,tournament,city,country,neutral
1872-11-30,Scotland,England,0,0,Friendly,Glasgow,Scotland,FALSE
2022-12-18,Argentina,France,3,3,FIFA World Cup,Lusail,Qatar,TRUE
2030-06-08,Uruguay,Côte d'Ivoire,NA,NA,FIFA World Cup,Montevideo,Uruguay,FALSE
"""


def written(folder: Path, content: str) -> Path:
    file = folder / "results.csv"
    file.write_text(content, encoding="utf-8")
    return file


def test_matches_of_all_tournaments_are_one_competition(tmp_path: Path) -> None:
    first, final, fixture = read([written(tmp_path, CONTENT)])
    assert first == PlayedMatch(
        match_id="internationals:18721130:scotland:england",
        competition="internationals",
        season="1872",
        kickoff=datetime(1872, 11, 30, 15, 0, tzinfo=UTC),
        home="Scotland",
        away="England",
        home_goals=0,
        away_goals=0,
        importance="friendly",
    )
    assert (final.neutral, final.importance) == (True, "competitive")
    assert isinstance(fixture, Fixture)
    assert fixture.away == "Côte d'Ivoire"
    assert load([tmp_path]) == [first, final]


def test_the_service_takes_it_for_a_competition_of_national_teams() -> None:
    assert settings().league_config(COMPETITION).kind == "national"


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("30/11/1872,A,B,1,0,Cup,x,y,FALSE", "date '30/11/1872': wanted a day such as 1872-11-30"),
        ("1872-11-30,A,B,1,NA,Cup,x,y,FALSE", "away_score 'NA': wanted a number of goals"),
        ("1872-11-30,A,A,1,0,Cup,x,y,FALSE", "away_team 'A': wanted another team"),
        ("1872-11-30,A,B,1,0,,x,y,FALSE", "tournament '': wanted a name"),
        ("1872-11-30,A,B,1,0,Cup,x,y,maybe", "neutral 'maybe': wanted TRUE or FALSE"),
        ("1750-11-30,A,B,1,0,Cup,x,y,FALSE", "in the years 1850 to 2200"),
    ],
)
def test_a_bad_row_is_told_and_left_out_or_ends_it_all(row: str, reason: str, tmp_path: Path) -> None:
    file = written(tmp_path, f"{CONTENT}{row}\n")
    told: list[BadRow] = []
    assert len(read([file], refuse=told.append)) == 3
    [bad] = told
    assert (bad.line, reason in str(bad)) == (5, True)
    with pytest.raises(BadRow):
        read([file])


def test_a_file_of_fixtures_has_nothing_to_measure(tmp_path: Path) -> None:
    lines = CONTENT.splitlines()
    with pytest.raises(InvalidInput, match="no played match in it"):
        load([written(tmp_path, f"{lines[0]}\n{lines[3]}\n")])
