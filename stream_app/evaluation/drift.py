"""Whether what a model has to deal with has changed: the level of its losses, and the shares of the outcomes.

ADWIN compares the older with the newer part of all that it remembers, for many ways to divide it, and forgets the older
one when their means differ by more than chance allows. It needs no promise and no model: it is slower than `shortfall`,
but sees also what a model has honestly allowed for.

Source: A. Bifet and R. Gavalda, "Learning from Time-Changing Data with Adaptive Windowing", SIAM International
Conference on Data Mining 2007; the implementation is River's.
"""

from __future__ import annotations

from river.drift import ADWIN

from stream_app.evaluation.alarm import Alarm, Change, Sight
from stream_app.evaluation.rolling import Recent, Standing
from stream_app.evaluation.shortfall import RATE_OF
from stream_app.events import OUTCOMES, LeagueConfig, Outcome

DELTA = 0.02
"""ADWIN's confidence. With River's default of .002 it is slower and no alarm less: about independent draws both find
something less than once in 100,000 matches (`make study-alerts`)."""

SETTLED = 3
"""A change is over, and the new level the norm, when nothing more has changed for so many windows."""


class Shift:
    """A stream of numbers, and the level that it has left.

    Attributes
    ----------
    left
        Its mean before the latest change; None when there was none, or when it is settled.
    age
        Numbers since that change was found.
    """

    __slots__ = ("adwin", "age", "left")

    def __init__(self) -> None:
        self.adwin = ADWIN(delta=DELTA)  # type: ignore[no-untyped-call]  # River is untyped
        self.left: float | None = None
        self.age = 0

    def add(self, value: float, window: int) -> None:
        """Take the next number."""
        level = self.adwin.estimation
        self.adwin.update(value)  # type: ignore[no-untyped-call]  # as above
        self.age += 1
        # Of a level of nothing there is no share by which it could have changed.
        if self.adwin.drift_detected and level > 0.0:
            self.left, self.age = level, 0
        elif self.age > SETTLED * window:
            self.left = None

    def sight(self, metric: str, measured: float, level: float, *, both_ways: bool) -> Sight:
        """How far `measured` is from `level`; a change for the better counts only when `both_ways` do."""
        fall = measured / level - 1.0
        return Sight(metric, measured, level, abs(fall) if both_ways else fall, 1.0 / DELTA, 1.0 / DELTA)


class LossWatch:
    """Raises an alert when a model's log loss has moved to a higher level."""

    __slots__ = ("alarm", "shift")

    def __init__(self) -> None:
        self.shift = Shift()
        self.alarm = Alarm("drift")

    def add(self, log_loss: float, config: LeagueConfig) -> None:
        """Count a match."""
        self.shift.add(log_loss, config.window)

    def look(self, standing: Standing, config: LeagueConfig) -> Change | None:
        """What has changed."""
        if not standing.is_full():
            return None
        return _look(self.alarm, self.shift, "log_loss", standing.rolling.mean_log_loss(), config, both_ways=False)


class OutcomeWatch:
    """Raises an alert when one of the outcomes has become more frequent in a competition, or less."""

    def __init__(self) -> None:
        self.shifts = [Shift() for _ in OUTCOMES]
        self.alarms = [Alarm("drift") for _ in OUTCOMES]
        self.shares = Recent(len(OUTCOMES))

    def add(self, outcome: Outcome, config: LeagueConfig) -> None:
        """Count a match."""
        happened = [float(name == outcome) for name in OUTCOMES]
        self.shares.add(happened, config.window)
        for shift, value in zip(self.shifts, happened, strict=True):
            shift.add(value, config.window)

    def look(self, config: LeagueConfig) -> list[Change]:
        """What has changed, in the order of the outcomes."""
        seen = zip(OUTCOMES, self.alarms, self.shifts, self.shares.means, strict=True)
        changes = [
            _look(alarm, shift, RATE_OF[outcome], share, config, both_ways=True)
            for outcome, alarm, shift, share in seen
        ]
        return [change for change in changes if change is not None]


def _look(
    alarm: Alarm, shift: Shift, metric: str, measured: float, config: LeagueConfig, *, both_ways: bool
) -> Change | None:
    left = shift.left if alarm.open is None else alarm.open.sight.promised
    if left is None:
        return None
    sight = shift.sight(metric, measured, left, both_ways=both_ways)
    return alarm.look(sight, config.decay_drop, proven=shift.age <= config.window, over=shift.left is None)
