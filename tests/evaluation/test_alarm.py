"""The life of an alert."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from stream_app.evaluation.alarm import Alarm, Change, Sight

DROP = 0.05


def sight(fall: float) -> Sight:
    return Sight("log_loss", 1.0 + fall, 1.0, fall, 100.0, 100.0)


def look(alarm: Alarm, fall: float, *, proven: bool = True, over: bool = False) -> Change | None:
    return alarm.look(sight(fall), DROP, proven=proven, over=over)


def test_an_alert_takes_both_a_fall_and_evidence() -> None:
    alarm = Alarm("decay")
    assert look(alarm, 0.2, proven=False) is None
    assert look(alarm, 0.05) is None
    raised = look(alarm, 0.06)
    assert raised == Change("decay", 1, "raised", "warning", sight(0.06))
    assert alarm.open == raised


def test_it_is_raised_once_worsened_once_and_resolved_once() -> None:
    alarm = Alarm("drift")
    falls = (0.06, 0.07, 0.11, 0.06, 0.15, 0.06)
    changes = [change for fall in falls if (change := look(alarm, fall)) is not None]
    assert [(it.number, it.state, it.severity) for it in changes] == [
        (1, "raised", "warning"),
        (1, "worsened", "critical"),
    ]
    resolved = look(alarm, 0.01, over=True)
    # Whoever was told of a critical alert is told of its end.
    assert resolved == Change("drift", 1, "resolved", "critical", sight(0.01))
    assert alarm.open is None
    assert look(alarm, 0.01, over=True) is None
    again = look(alarm, 0.2)
    assert again == Change("drift", 2, "raised", "critical", sight(0.2))


@given(st.lists(st.tuples(st.floats(-0.1, 0.3), st.booleans(), st.booleans())))
def test_every_life_is_in_order(looks: list[tuple[float, bool, bool]]) -> None:
    alarm = Alarm("calibration")
    told: dict[int, list[str]] = {}
    for fall, proven, over in looks:
        change = look(alarm, fall, proven=proven, over=over)
        if change is not None:
            told.setdefault(change.number, []).append(change.state)
    assert list(told) == list(range(1, len(told) + 1))
    whole = (["raised", "resolved"], ["raised", "worsened", "resolved"])
    for number, states in told.items():
        assert any(states == life[: len(states)] for life in whole)
        assert states in whole or number == len(told)
    assert (alarm.open is None) == all(states[-1] == "resolved" for states in told.values())
