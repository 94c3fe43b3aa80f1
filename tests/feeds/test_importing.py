from __future__ import annotations

import csv
from pathlib import Path

import pytest

from stream_app.errors import InvalidInput
from stream_app.feeds import football_data
from stream_app.feeds.datasets import Fixture, PlayedMatch
from stream_app.feeds.importing import BadRow, files, rows

HEADER = "Div,Date,Time,HomeTeam,AwayTeam,FTHG,FTAG,Referee,HS,AS,HST,AST,B365H,B365D,B365A\n"
GOOD = "E0,{day}/08/2024,15:00,A,B,1,0,R,10,4,3,1,2,3,4\n"


def written(folder: Path, content: str, name: str = "E0.csv") -> Path:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content, encoding="utf-8")
    return file


def test_bad_rows_are_told_with_file_line_and_field_and_the_others_are_read(tmp_path: Path) -> None:
    file = written(
        tmp_path,
        HEADER
        + GOOD.format(day="01")
        + "E0,02/08/2024,15:00,C,D,x,0\n"
        + "E0,33/08/2024,15:00,C,D,1,0\n"
        + "E0,03/08/2024,15:00,C,C,1,0\n"
        + f"E0,03/08/2024,15:00,{'C' * 300},D,1,0\n"
        + "E0,04/08/2024,15:00,C,D,100,0\n"
        + "E0,05/08/2024,15:00,C,D,2,2\n",
    )
    told: list[BadRow] = []
    matches = football_data.read([file], refuse=told.append)
    assert [match.match_id for match in matches] == ["E0:20240801:a:b", "E0:20240805:c:d"]
    assert [(row.file, row.line, row.field) for row in told] == [
        (file, 3, "FTHG"),
        (file, 4, "Date"),
        (file, 5, "AwayTeam"),
        (file, 6, "match"),
        (file, 7, "FTHG"),
    ]
    assert str(told[0]) == f"{file}:3: FTHG 'x': wanted a number of goals, 0 to 99"
    assert "a name of 1 to 200 characters" in str(told[3])


def test_rows_without_goals_are_matches_to_come_until_another_file_has_their_goals(tmp_path: Path) -> None:
    fixtures = written(tmp_path, HEADER + "E0,01/08/2024,15:00,A,B,,,,,,,,2,3,4\n", "fixtures.csv")
    [fixture] = football_data.read([fixtures])
    assert isinstance(fixture, Fixture)
    assert fixture.features == {"B365H": 2.0, "B365D": 3.0, "B365A": 4.0}
    season = written(tmp_path, HEADER + GOOD.format(day="01"))
    for paths in ([fixtures, season], [season, fixtures]):
        [match] = football_data.read(paths)
        assert isinstance(match, PlayedMatch)


def test_shots_are_known_only_after_the_match(tmp_path: Path) -> None:
    lines = [
        "E0,01/08/2024,15:00,A,B,1,0,R,10,4,3,1",
        "E0,05/08/2024,15:00,B,A,1,0,R,8,20,5,6",
        "E0,09/08/2024,15:00,A,C,1,0,R,1,1,1,1",
        # Begins while the one before it is being played, so it knows nothing of that.
        "E0,09/08/2024,16:00,A,B,1,0,R,1,1,,",
    ]
    first, second, third, fourth = football_data.read([written(tmp_path, HEADER + "\n".join(lines))])
    assert first.features is None
    assert second.features == {
        "home_shots": 4.0,
        "home_shots_on_target": 1.0,
        "away_shots": 10.0,
        "away_shots_on_target": 3.0,
    }
    assert third.features == {"home_shots": 15.0, "home_shots_on_target": 4.5}
    assert fourth.features is not None
    assert fourth.features["home_shots"] == 15.0
    assert fourth.features["away_shots"] == 6.0


def test_a_file_without_a_column_is_told_once(tmp_path: Path) -> None:
    file = written(tmp_path, "Div,Date,HomeTeam,AwayTeam,FTHG\nE0,01/08/2024,A,B,1\n")
    with pytest.raises(InvalidInput, match=r"E0\.csv: no column FTAG or AG; its first line has 'Div, Date, HomeTeam"):
        football_data.read([file])


def test_a_folder_without_files_is_told(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"no \.csv file in it"):
        list(files([tmp_path]))


def test_a_broken_csv_file_is_told_with_its_line(tmp_path: Path) -> None:
    limit = csv.field_size_limit()
    file = written(tmp_path, 'a,b\n1,"' + "x" * (limit + 1) + '"\n')
    with pytest.raises(InvalidInput, match=r"E0\.csv:2: field larger than field limit"):
        list(rows([file], [("a",)]))


def test_a_folder_is_read_whatever_the_case_of_its_endings(tmp_path: Path) -> None:
    written(tmp_path, HEADER + GOOD.format(day="01"), "1994/E0.CSV")
    written(tmp_path, HEADER + GOOD.format(day="02"), "1995/e0.csv")
    assert len(football_data.read([tmp_path])) == 2
