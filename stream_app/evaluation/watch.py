"""Everything that one model is watched for, and how it is, in one word."""

from __future__ import annotations

from dataclasses import replace

from stream_app.evaluation.alarm import Change
from stream_app.evaluation.drift import LossWatch
from stream_app.evaluation.promise import ratios
from stream_app.evaluation.rolling import Standing
from stream_app.evaluation.scoring import log_loss
from stream_app.evaluation.shortfall import CalibrationWatch, DecayWatch
from stream_app.events import Health, LeagueConfig, Outcome, Probabilities


class Watch:
    """Watches one model, match by match, at a constant cost and size.

    A match counts once, with its first result: a correction changes the figures that are looked at, and leaves the
    evidence as it is.
    """

    __slots__ = ("calibration", "decay", "drift")

    def __init__(self) -> None:
        self.decay = DecayWatch()
        self.calibration = CalibrationWatch()
        self.drift = LossWatch()

    def add(self, probabilities: Probabilities, outcome: Outcome, config: LeagueConfig) -> None:
        """Count a match in the evidence."""
        gains = ratios(probabilities, outcome)
        self.decay.add(gains, config)
        self.calibration.add(gains, probabilities, outcome, config)
        self.drift.add(log_loss(probabilities, outcome), config)

    def look(self, standing: Standing, config: LeagueConfig) -> list[Change]:
        """What has changed, with these figures: at most one change of each kind."""
        seen = (watch.look(standing, config) for watch in (self.decay, self.calibration, self.drift))
        return [change for change in seen if change is not None]

    def open(self) -> list[Change]:
        """The alerts that are open, as they were raised or worsened."""
        alarms = (self.decay.alarm, self.calibration.alarm, self.drift.alarm)
        return [alarm.open for alarm in alarms if alarm.open is not None]

    def leave(self) -> list[Change]:
        """Resolve all that is open, and forget the evidence: the model is not at work any more, or about to return."""
        left = [replace(change, state="resolved") for change in self.open()]
        for watch in (self.decay, self.calibration):
            watch.evidence.forget()
        for alarm in (self.decay.alarm, self.calibration.alarm, self.drift.alarm):
            alarm.open = None
        return left

    def health(self, learned: int, config: LeagueConfig, *, frozen: bool) -> tuple[Health, str]:
        """How a model is that has `learned` so many matches, and why."""
        if learned < config.cold_matches:
            return "cold", f"has learned {learned} of the {config.cold_matches} matches that it takes"
        opened = self.open()
        why = "; ".join(f"{change.kind} {_since(change)}" for change in opened)
        if any(change.kind == "decay" or change.severity == "critical" for change in opened):
            return "decayed", why
        if frozen:
            return "frozen", "does not learn until it is unfrozen" + (f"; {why}" if why else "")
        if opened:
            return "watch", why
        return "healthy", "no alert is open"


def _since(change: Change) -> str:
    sight = change.sight
    return f"({change.severity}): {sight.metric} {sight.measured:.3f} against {sight.promised:.3f}"
