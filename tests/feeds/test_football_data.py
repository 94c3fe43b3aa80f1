"""Files in the columns of football-data.co.uk, as their authors write them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from stream_app.errors import InvalidInput
from stream_app.feeds.football_data import load

MODERN = """\
Div,Date,Time,HomeTeam,AwayTeam,FTHG,FTAG,FTR,HS,B365H,B365D,B365A,AvgH,AvgD,AvgA,AvgCH,AvgCD,AvgCA
E0,16/08/2024,20:00,Man United,Fulham,1,0,H,14,1.6,4.2,5.25,1.62,4.23,5.29,1.65,4.15,5.0
E0,17/12/2024,12:30,Ipswich,Liverpool,0,2,A,7,8.5,5.5,1.33,,5.6,1.34,8.1,5.5,1.34
"""


def written(folder: Path, name: str, content: str, encoding: str = "utf-8") -> Path:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content.encode(encoding))
    return file


def test_a_line_is_a_match_with_the_odds_that_were_known_before_it(tmp_path: Path) -> None:
    first, second = load([written(tmp_path, "E0.csv", MODERN)])
    assert (first.competition, first.season, first.home, first.away) == ("E0", "2024-25", "Man United", "Fulham")
    assert (first.home_goals, first.away_goals) == (1, 0)
    # In August London is an hour ahead of UTC, in December it is not.
    assert first.kickoff == datetime(2024, 8, 16, 19, 0, tzinfo=UTC)
    assert second.kickoff == datetime(2024, 12, 17, 12, 30, tzinfo=UTC)
    assert first.features == {"AvgH": 1.62, "AvgD": 4.23, "AvgA": 5.29, "B365H": 1.6, "B365D": 4.2, "B365A": 5.25}
    # Two of three average odds say nothing; neither closing odds nor shots were known.
    assert second.features == {"B365H": 8.5, "B365D": 5.5, "B365A": 1.33}


def test_an_old_file_with_short_years_no_times_and_blanks_at_its_ends_is_read(tmp_path: Path) -> None:
    old = "Div,Date,HomeTeam,AwayTeam,FTHG,FTAG,FTR,,\nSP1,28/08/93,La Coruña,Celta,0,0,D,,\n,,,,,,,,\n\n"
    [match] = load([written(tmp_path, "SP1.csv", old, "latin-1")])
    assert (match.home, match.season, match.features) == ("La Coruña", "1993-94", None)
    assert match.kickoff == datetime(1993, 8, 28, 14, 0, tzinfo=UTC)
    [again] = load([written(tmp_path, "bom.csv", "\ufeff" + old, "utf-8")])
    assert again == match


def test_older_files_name_the_average_odds_after_their_source(tmp_path: Path) -> None:
    content = "Div,Date,HomeTeam,AwayTeam,FTHG,FTAG,BbAvH,BbAvD,BbAvA\nD1,15/08/08,Bayern,Hamburg,2.0,2,1.5,3.8,6.3\n"
    [match] = load([written(tmp_path, "D1.csv", content)])
    assert match.features == {"AvgH": 1.5, "AvgD": 3.8, "AvgA": 6.3}
    assert match.home_goals == 2


@pytest.mark.parametrize("odds", ["", "0", "1", "-2.5", "nan", "inf", "#REF!"])
def test_what_are_no_odds_are_not_there(odds: str, tmp_path: Path) -> None:
    content = f"Div,Date,HomeTeam,AwayTeam,FTHG,FTAG,AvgH,AvgD,AvgA\nE0,15/08/08,A,B,1,1,2.0,{odds},3.0\n"
    [match] = load([written(tmp_path, "E0.csv", content)])
    assert match.features is None


def test_a_file_of_an_extra_league_names_its_columns_otherwise(tmp_path: Path) -> None:
    content = "Country,League,Season,Date,Time,Home,Away,HG,AG,Res\nBrazil,Serie A,2012,19/05/2012,22:30,A,B,1,1,D\n"
    [match] = load([written(tmp_path, "BRA.csv", content)])
    assert (match.competition, match.season, match.home, match.home_goals) == ("Serie A", "2012", "A", 1)


def test_a_folder_is_read_with_everything_below_it_and_each_match_counts_once(tmp_path: Path) -> None:
    written(tmp_path, "2024/E0.csv", MODERN)
    written(tmp_path, "all/copy.csv", MODERN)
    written(tmp_path, "notes.txt", "no matches here")
    assert len(load([tmp_path])) == 2
    assert len(load([tmp_path / "2024" / "E0.csv", tmp_path])) == 2


def test_matches_without_a_score_are_yet_to_come(tmp_path: Path) -> None:
    content = MODERN + "E0,26/12/2024,15:00,Man City,Everton,,,,,1.2,7,13,,,,,,\n"
    assert len(load([written(tmp_path, "E0.csv", content)])) == 2


def test_seasons_begin_after_the_summer_and_no_winter_or_other_break_ends_one(tmp_path: Path) -> None:
    days = {
        "09/03/2019": "2018-19",
        "26/05/2019": "2018-19",
        "24/08/2019": "2019-20",
        "20/12/2019": "2019-20",
        "25/01/2020": "2019-20",
        "09/03/2020": "2019-20",
        "20/06/2020": "2019-20",
        "05/07/2020": "2019-20",
        "20/07/2020": "2019-20",
        "02/08/2020": "2019-20",
        "19/09/2020": "2020-21",
        "22/05/2021": "2020-21",
    }
    lines = [f"I1,{day},Inter,Club {place},1,0" for place, day in enumerate(days)]
    file = written(tmp_path, "I1.csv", "Div,Date,HomeTeam,AwayTeam,FTHG,FTAG\n" + "\n".join(reversed(lines)))
    assert [match.season for match in load([file])] == list(days.values())


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("E0,31/02/2024,15:00,A,B,1,0", r"E0\.csv:2: Date '31/02/2024': wanted a day such as"),
        ("E0,,15:00,A,B,1,0", r"Date ''"),
        ("E0,01/02/2024,late,A,B,1,0", r"Time 'late'"),
        ("E0,01/02/2024,15:00,A,B,1,x", r"FTAG 'x': wanted a number of goals"),
        ("E0,01/02/2024,15:00,A,B,1,", r"FTAG ''"),
        ("E0,01/02/2024,15:00,,B,1,0", r"HomeTeam '': wanted a name"),
        (",01/02/2024,15:00,A,B,1,0", r"Div '': wanted a name"),
        (
            "E0,01/02/2024,15:00,A,B,1,0\nE0,01/02/2024,15:00,A,B,1,1",
            r":3: A - B '1-1': wanted 1-0, as it stood before",
        ),
        ("E0,01/02/2024,15:00,A,B,,", r"no played match in it"),
    ],
)
def test_a_wrong_line_is_told_with_file_line_field_and_value(line: str, reason: str, tmp_path: Path) -> None:
    file = written(tmp_path, "E0.csv", f"Div,Date,Time,HomeTeam,AwayTeam,FTHG,FTAG\n{line}\n")
    with pytest.raises(InvalidInput, match=reason):
        load([file])


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"file .*gone\.csv: No such file or directory"):
        load([tmp_path / "gone.csv"])
