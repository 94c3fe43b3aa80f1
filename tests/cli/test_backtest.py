"""`stream-app backtest` as a person calls it."""

from __future__ import annotations

import csv
from pathlib import Path

import orjson
import pytest
from typer.testing import CliRunner

from stream_app.cli import build
from stream_app.contracts import encode
from stream_app.errors import InvalidInput
from stream_app.evaluation_log.csv_log import read
from stream_app.feeds import datasets
from stream_app.feeds.schedule import schedule
from stream_app.settings import settings
from tests.support.matches import played

MATCHES = 30


@pytest.fixture(autouse=True)
def _few_matches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datasets, "bundesliga", lambda: played("bundesliga", MATCHES))


def test_the_table_names_every_model_and_its_figures() -> None:
    run = CliRunner().invoke(build(), ["backtest", "bundesliga"], catch_exceptions=False)
    assert run.exit_code == 0
    for word in ("base_rate", "log loss", "RPS", "Brier", "right", "calib.", "microseconds"):
        assert word in run.stdout


def test_the_json_twin_has_the_same_figures_and_the_file_a_line_a_match_and_model(tmp_path: Path) -> None:
    out = tmp_path / "rows.csv"
    run = CliRunner().invoke(build(), ["backtest", "bundesliga", "--out", str(out), "--json"], catch_exceptions=False)
    summary = orjson.loads(run.stdout)
    assert (summary["source"], summary["matches"]) == ("bundesliga", MATCHES)
    for figures in summary["models"].values():
        assert figures["all"]["n"] == MATCHES
        assert 0.5 < figures["all"]["log_loss"] < 2.0
        assert figures["after_burn_in"]["n"] == 0
        assert 0.0 <= figures["all"]["calibration_error"] < 0.5
        assert figures["microseconds"]["predict"] > 0
    with out.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == MATCHES * len(summary["models"])


def test_a_file_that_cannot_be_written_is_said_before_anything_is_computed(tmp_path: Path) -> None:
    missing = tmp_path / "no" / "such" / "folder.csv"
    with pytest.raises(InvalidInput, match=r"--out .*folder\.csv.*No such file or directory"):
        CliRunner().invoke(build(), ["backtest", "bundesliga", "--out", str(missing)], catch_exceptions=False)


def test_a_back_test_without_a_match_to_score_says_so_instead_of_showing_empty_tables(tmp_path: Path) -> None:
    file = tmp_path / "none.jsonl"
    file.write_text("no message\n", encoding="utf-8")
    for arguments in (["jsonl", str(file)], ["bundesliga", "--from", "2100-01-01"]):
        with pytest.raises(InvalidInput, match=f"{arguments[0]}: no match to score; wanted one that was played"):
            CliRunner().invoke(build(), ["backtest", *arguments], catch_exceptions=False)


def test_files_of_football_data_are_measured_and_drawn(tmp_path: Path) -> None:
    lines = [
        f"E0,{match.kickoff:%d/%m/%Y},{match.home},{match.away},{match.home_goals},{match.away_goals}"
        for match in played("E0", MATCHES)
    ]
    file, picture = tmp_path / "E0.csv", tmp_path / "diagram.png"
    file.write_text("Div,Date,HomeTeam,AwayTeam,FTHG,FTAG\n" + "\n".join(lines), encoding="utf-8")
    arguments = ["backtest", "football-data", str(file), "--json", "--plot", str(picture)]
    run = CliRunner().invoke(build(), arguments, catch_exceptions=False)
    assert orjson.loads(run.stdout)["matches"] == MATCHES
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_a_folder_for_the_diagram_that_is_not_there_is_said_before_anything_is_computed(tmp_path: Path) -> None:
    missing = tmp_path / "no" / "diagram.png"
    with pytest.raises(InvalidInput, match=r"--plot .*diagram\.png: there is no folder"):
        CliRunner().invoke(build(), ["backtest", "bundesliga", "--plot", str(missing)], catch_exceptions=False)


def test_files_of_internationals_are_measured_and_bad_rows_are_left_out(tmp_path: Path) -> None:
    lines = [
        f"{match.kickoff:%Y-%m-%d},{match.home},{match.away},{match.home_goals},{match.away_goals},World Cup,X,Y,FALSE"
        for match in played("World Cup", MATCHES)
    ]
    file = tmp_path / "results.csv"
    header = "date,home_team,away_team,home_score,away_score,tournament,city,country,neutral\n"
    file.write_text(header + "\n".join([*lines, "2021-13-01,A,B,1,0,World Cup,X,Y,FALSE"]), encoding="utf-8")
    run = CliRunner().invoke(build(), ["backtest", "internationals", str(file), "--json"], catch_exceptions=False)
    assert run.exit_code == 1
    assert "results.csv:32: date '2021-13-01'" in run.stderr
    assert orjson.loads(run.stdout)["matches"] == MATCHES
    with pytest.raises(InvalidInput, match=r"results\.csv:32: date"):
        CliRunner().invoke(build(), ["backtest", "internationals", str(file), "--strict"], catch_exceptions=False)


def test_messages_give_the_same_figures_as_the_matches_that_they_tell_of(tmp_path: Path) -> None:
    file = tmp_path / "messages.jsonl"
    file.write_bytes(b"".join(encode(event) + b"\n" for event in schedule(played("bundesliga", MATCHES))) + b"{}\n")
    run = CliRunner().invoke(build(), ["backtest", "jsonl", str(file), "--json"], catch_exceptions=False)
    assert run.exit_code == 1
    assert f"messages.jsonl:{2 * MATCHES + 1}: " in run.stderr
    other = CliRunner().invoke(build(), ["backtest", "bundesliga", "--json"], catch_exceptions=False)
    one, two = orjson.loads(run.stdout), orjson.loads(other.stdout)
    assert [model["all"] for model in one["models"].values()] == [model["all"] for model in two["models"].values()]


def test_matches_before_the_first_day_teach_and_those_after_the_last_are_left_out(tmp_path: Path) -> None:
    def rows(*days: str) -> list[dict[str, str]]:
        out = tmp_path / "rows.csv"
        CliRunner().invoke(build(), ["backtest", "bundesliga", "--out", str(out), *days], catch_exceptions=False)
        with out.open(newline="") as file:
            return list(csv.DictReader(file))

    every = rows()
    chosen = rows("--from", "2020-08-04", "--to", "2020-08-07")
    assert {row["kickoff"][:10] for row in chosen} == {f"2020-08-0{day}" for day in (4, 5, 6, 7)}
    assert chosen == [row for row in every if "2020-08-04" <= row["kickoff"][:10] <= "2020-08-07"]
    with pytest.raises(InvalidInput, match="--from 2020-08-07: after --to 2020-08-04"):
        rows("--from", "2020-08-07", "--to", "2020-08-04")


def test_what_was_learned_is_kept_and_answers_about_two_teams(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STREAM_APP_DATA_DIR", str(tmp_path))
    settings.cache_clear()
    run = CliRunner().invoke(build(), ["backtest", "bundesliga", "--save", "--json"], catch_exceptions=False)
    assert orjson.loads(run.stdout)["ratings_microseconds"] is None
    assert "saved bundesliga in " in run.stderr
    info = CliRunner().invoke(build(), ["info", "--json"], catch_exceptions=False)
    assert orjson.loads(info.stdout)["saved_leagues"] == ["bundesliga"]
    teams = ["--home", "Team 0", "--away", "Team 5", "--competition", "bundesliga"]
    asked = CliRunner().invoke(build(), ["predict", *teams, "--json"], catch_exceptions=False)
    said = orjson.loads(asked.stdout)
    assert [model["model"] for model in said["prediction"]["models"]] == list(settings().model_names)
    assert said["asked"]["alias"] == "champion"
    (row,) = read(tmp_path)
    assert (row.event_id, row.competition) == (said["event_id"], "bundesliga")
    assert row.p_home == pytest.approx(said["asked"]["probabilities"]["H"])
    text = CliRunner().invoke(build(), ["predict", *teams, "--model-id", "naive_bayes_v1"], catch_exceptions=False)
    for word in ("Team 0 - Team 5", "naive_bayes_v1 version 1, challenger", "home win", "goals to expect", "event "):
        assert word in text.stdout


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--home", "A"], "no --away: wanted --home, --away and --competition together"),
        (["--live"], "no --home: wanted"),
        (["--home", "A", "--away", "B", "--competition", "C", "1.5"], "numbers without names .* beside teams"),
        (["--home", "A", "--away", "B", "--competition", "C"], "--competition 'C': nothing saved of it"),
        (["--home", "A", "--away", "B", "--competition", "C", "--kickoff", "noon"], "--kickoff 'noon': wanted a time"),
        (["--home", "A", "--away", "B", "--competition", "C", "--live"], "no Kafka: set STREAM_APP_KAFKA"),
    ],
)
def test_a_question_about_teams_that_cannot_be_answered_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], reason: str
) -> None:
    monkeypatch.setenv("STREAM_APP_DATA_DIR", str(tmp_path))
    settings.cache_clear()
    with pytest.raises(InvalidInput, match=reason):
        CliRunner().invoke(build(), ["predict", *arguments], catch_exceptions=False)
