"""`stream-app backtest` as a person calls it."""

from __future__ import annotations

import csv
from pathlib import Path

import orjson
import pytest
from typer.testing import CliRunner

from stream_app.cli import build
from stream_app.errors import InvalidInput
from stream_app.feeds import datasets
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
