from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from stream_app.errors import InvalidInput
from stream_app.events import LeagueConfig
from stream_app.feeds.backtest import Report, backtest
from tests.support.matches import played


@pytest.fixture(scope="module")
def report() -> Report:
    made = Report()
    for evaluation in backtest(played("cup", 450), lambda _: LeagueConfig()):
        made.add(evaluation)
    return made


@pytest.fixture(scope="module")
def reliability() -> Callable[[Report, Path], None]:
    # Matplotlib takes a second and a half, which a run of other tests need not wait for.
    from stream_app.feeds.diagram import reliability

    return reliability


def test_the_diagram_is_a_picture(report: Report, reliability: Callable[[Report, Path], None], tmp_path: Path) -> None:
    file = tmp_path / "diagram.png"
    reliability(report, file)
    content = file.read_bytes()
    assert content.startswith(b"\x89PNG")
    assert len(content) > 10_000


def test_a_diagram_that_cannot_be_written_is_told(
    report: Report, reliability: Callable[[Report, Path], None], tmp_path: Path
) -> None:
    with pytest.raises(InvalidInput, match=r"--plot .*: Is a directory"):
        reliability(report, tmp_path)
