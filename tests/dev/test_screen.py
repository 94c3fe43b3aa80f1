from __future__ import annotations

import pytest

from stream_app.dev.screen import Screen
from stream_app.dev.tally import ModelFigures

ELO = ModelFigures(n=14_018, log_loss=0.9849, rps=0.198, brier=0.587, accuracy=0.532)
BASE = ModelFigures(n=14_018, log_loss=1.0217, rps=0.2102, brier=0.61, accuracy=0.52)


def test_the_table_has_every_model_beside_the_base_rate(capsys: pytest.CaptureFixture[str]) -> None:
    Screen().result({"elo_softmax": ELO, "base_rate": BASE}, 14_018, 20.0)

    said = capsys.readouterr().out
    assert "14,018 matches, replayed in 20.0 s (701 matches/s)" in said
    elo, base = (line.split() for line in said.splitlines() if "0.9849" in line or "1.0217" in line)
    assert [cell for cell in elo if cell != "│"] == [
        "elo_softmax",
        "14,018",
        "0.9849",
        "-0.0368",
        "0.1980",
        "53.2%",
    ]
    assert "base_rate" in base


def test_nothing_in_the_table_is_cut_on_a_usual_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    Screen().result({"logistic_regression_v1": ELO, "base_rate": BASE}, 14_018, 20.0)

    said = capsys.readouterr().out
    assert "logistic_regression_v1" in said
    assert "…" not in said


def test_without_a_terminal_progress_is_a_line_for_each_tenth(capsys: pytest.CaptureFixture[str]) -> None:
    screen = Screen()
    with screen.progress(200) as show:
        for done in range(0, 201, 5):
            show(done, ELO if done else None, 2)

    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 10
    assert lines[0] == "20 of 200 matches, last 100: log loss 0.985, accuracy 53%, 2 alerts"


@pytest.mark.parametrize(("complete", "expected"), [(True, 10), (False, 11)])
def test_the_verdict_says_what_each_place_holds_and_whether_that_is_all(
    capsys: pytest.CaptureFixture[str], complete: bool, expected: int
) -> None:
    kept = {"predictions": 10, "evaluations": 10}
    Screen().verdict(kept | {"csv": kept, "database": kept, "dead_letters": 3}, expected, complete=complete)

    said = capsys.readouterr().out
    assert said.count("10 predictions, 10 evaluations") == 3
    assert "3 messages were refused" in said
    assert ("NOT COMPLETE" in said) is not complete
