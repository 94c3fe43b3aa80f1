from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_app.web.series import RollingLoss
from tests.web.made import KICKOFF, evaluation


def losses_of(line: RollingLoss) -> list[float]:
    return [point.losses["elo_softmax"] for point in line.points()]


def test_the_line_begins_when_the_window_is_half_full() -> None:
    line = RollingLoss(window=4)
    line.add(evaluation("a"))
    assert line.points() == []
    line.add(evaluation("b"))
    assert len(line.points()) == 1


@given(st.lists(st.floats(0.01, 3.0), min_size=4, max_size=60))
def test_each_point_is_the_mean_of_the_last_matches(values: list[float]) -> None:
    line = RollingLoss(window=4)
    for number, loss in enumerate(values):
        line.add(evaluation(f"m{number}", log_loss=loss))
    naive = [sum(values[max(0, end - 4) : end]) / min(4, end) for end in range(2, len(values) + 1)]
    assert losses_of(line) == pytest.approx(naive)


def test_a_correction_takes_the_place_of_what_it_corrects() -> None:
    line = RollingLoss(window=2)
    line.add(evaluation("a", log_loss=1.0))
    line.add(evaluation("b", log_loss=2.0))
    line.add(evaluation("a", log_loss=0.5, status="corrected", word=2))
    line.add(evaluation("c", log_loss=3.0))
    assert losses_of(line)[-1] == pytest.approx(2.5)


def test_a_void_match_leaves_the_window() -> None:
    line = RollingLoss(window=3)
    for match, loss in (("a", 1.0), ("b", 2.0)):
        line.add(evaluation(match, log_loss=loss))
    line.add(evaluation("b", goals=None, status="void", word=2))
    line.add(evaluation("c", log_loss=3.0))
    assert losses_of(line)[-1] == pytest.approx(2.0)


def test_the_line_stays_short_however_long_the_history_is_and_ends_with_now() -> None:
    line = RollingLoss(window=2, capacity=16)
    for number in range(1000):
        line.add(evaluation(f"m{number}", log_loss=number / 100, kickoff=KICKOFF + timedelta(hours=number)))
        assert len(line.points()) <= 16
    points = line.points()
    assert points[-1].losses["elo_softmax"] == pytest.approx((9.98 + 9.99) / 2)
    assert points[-1].at == (KICKOFF + timedelta(hours=999)).timestamp()
    assert [point.at for point in points] == sorted(point.at for point in points)


def test_a_late_result_does_not_bend_the_line_backwards() -> None:
    line = RollingLoss(window=2)
    line.add(evaluation("a", kickoff=KICKOFF))
    line.add(evaluation("b", kickoff=KICKOFF + timedelta(days=7)))
    line.add(evaluation("c", kickoff=KICKOFF - timedelta(days=30)))
    assert [point.at for point in line.points()] == [
        KICKOFF.timestamp(),
        *[(KICKOFF + timedelta(days=7)).timestamp()] * 2,
    ]
