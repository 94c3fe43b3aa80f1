"""When a model's rolling log loss has grown too far above what it used to be."""

from __future__ import annotations

from dataclasses import dataclass

from stream_app.evaluation.rolling import Standing
from stream_app.events import AlertState, Severity

METRIC = "log_loss"
"""The figure that is watched: of accuracy, log loss and RPS the one with the least noise for its size."""

# A raised alert is resolved when half of the fall is made good, so that a figure on the edge does not flicker.
RESOLVED_AT = 0.5
# A fall of twice the configured one is critical.
CRITICAL_AT = 2.0


@dataclass(frozen=True, slots=True)
class Decay:
    """A change of state: the alert of this `number` is raised, or resolved.

    `measured` is the rolling log loss, `promised` the baseline, both in nats.
    """

    number: int
    state: AlertState
    severity: Severity
    measured: float
    promised: float


class DecayWatch:
    """Watches one model's rolling log loss against its baseline.

    The baseline is the mean log loss of all matches before the window; there has to be at least a window of those, and
    the window has to be full. While an alert is raised the baseline stays what it was at that moment: the bad matches
    that leave the window must not make themselves the norm.
    """

    def __init__(self) -> None:
        self.raised = 0
        self.baseline: float | None = None

    def look(self, standing: Standing, drop: float) -> Decay | None:
        """What has changed, with the relative rise `drop` of the log loss as the limit (0.05 is 5 %)."""
        if not standing.is_full():
            return None
        measured = standing.rolling.mean_log_loss()
        if self.baseline is not None:
            promised = self.baseline
            if measured > promised * (1.0 + drop * RESOLVED_AT):
                return None
            self.baseline = None
            return Decay(self.raised, "resolved", "warning", measured, promised)
        before = standing.before_window()
        if before.n < standing.window:
            return None
        promised = before.mean_log_loss()
        if measured <= promised * (1.0 + drop):
            return None
        self.raised += 1
        self.baseline = promised
        severe = measured > promised * (1.0 + drop * CRITICAL_AT)
        return Decay(self.raised, "raised", "critical" if severe else "warning", measured, promised)
