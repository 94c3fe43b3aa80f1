from __future__ import annotations

from pathlib import Path

import pytest

from stream_app.errors import InvalidInput
from stream_app.events import LeagueConfig
from stream_app.feeds.backtest import Report, backtest
from stream_app.feeds.diagram import reliability
from tests.support.matches import played


@pytest.fixture(scope="module")
def report() -> Report:
    made = Report()
    for evaluation in backtest(played("cup", 450), lambda _: LeagueConfig()):
        made.add(evaluation)
    return made


def test_the_diagram_is_a_picture(report: Report, tmp_path: Path) -> None:
    file = tmp_path / "diagram.png"
    reliability(report, file)
    content = file.read_bytes()
    assert content.startswith(b"\x89PNG")
    assert len(content) > 10_000


def test_a_diagram_that_cannot_be_written_is_told(report: Report, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"--plot .*: Is a directory"):
        reliability(report, tmp_path)
