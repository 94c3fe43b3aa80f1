"""Whether a model has become worse than it was, and whether it keeps what it promises.

Rolling figures are noisy: over 100 matches the mean log loss of a healthy model has a standard deviation of about .05,
which is 5 % of it. So a fall alone proves nothing, and here it takes evidence besides: see `promise`.
"""

from __future__ import annotations

import math

from stream_app.evaluation.alarm import RESOLVED_AT, Alarm, Change, Sight
from stream_app.evaluation.promise import RIVALS, SHARPNESS, Evidence
from stream_app.evaluation.rolling import Recent, Standing
from stream_app.events import OUTCOMES, LeagueConfig, Outcome, Probabilities

RATE_OF = {"H": "home_rate", "D": "draw_rate", "A": "away_rate"}
"""What the share of each outcome is called as a figure."""

KINDS = 2
"""The watches below share the false alarms that a model may have."""


def limit_of(config: LeagueConfig) -> float:
    """The matches between two false alarms of one kind, on average at least."""
    return KINDS * 1000.0 / config.alert_rate


class DecayWatch:
    """Raises an alert when the rolling log loss is above its baseline, and above what was promised beyond doubt.

    The baseline is the mean log loss of all matches before the window; there has to be at least a window of those, and
    the window has to be full. While an alert is open the baseline stays what it was at that moment: the bad matches
    that leave the window must not make themselves the norm.
    """

    __slots__ = ("alarm", "evidence")

    def __init__(self) -> None:
        self.evidence = Evidence(len(SHARPNESS))
        self.alarm = Alarm("decay")

    def add(self, ratios: tuple[float, ...], config: LeagueConfig) -> None:
        """Count a match with the `ratios` of the rivals (`promise.ratios`)."""
        self.evidence.add(ratios[: len(SHARPNESS)], limit_of(config))

    def look(self, standing: Standing, config: LeagueConfig) -> Change | None:
        """What has changed."""
        if _is_quiet(self.alarm, self.evidence, config) or not standing.is_full():
            return None
        before = standing.before_window()
        opened = self.alarm.open
        if opened is None and before.n < standing.window:
            return None
        promised = before.mean_log_loss() if opened is None else opened.sight.promised
        measured = standing.rolling.mean_log_loss()
        sight = _sight("log_loss", measured, promised, measured / promised - 1.0, self.evidence, config)
        return _look(self.alarm, sight, self.evidence, config)


class CalibrationWatch:
    """Raises an alert when the likeliest outcomes, or those of one kind, happen less often than was promised.

    Which of them it is, is told by the rival that has gained most, and stays so while the alert is open. The shares of
    the outcomes are means that forget with the pace of the window; hits and confidences are those of the window.
    """

    __slots__ = ("alarm", "evidence", "happened", "promised")

    def __init__(self) -> None:
        self.evidence = Evidence(RIVALS)
        self.alarm = Alarm("calibration")
        self.promised = Recent(len(OUTCOMES))
        self.happened = Recent(len(OUTCOMES))

    def add(
        self, ratios: tuple[float, ...], probabilities: Probabilities, outcome: Outcome, config: LeagueConfig
    ) -> None:
        """Count a match with the `ratios` of the rivals (`promise.ratios`)."""
        self.evidence.add(ratios, limit_of(config))
        self.promised.add([probabilities.of(name) for name in OUTCOMES], config.window)
        self.happened.add([float(name == outcome) for name in OUTCOMES], config.window)

    def look(self, standing: Standing, config: LeagueConfig) -> Change | None:
        """What has changed."""
        if _is_quiet(self.alarm, self.evidence, config) or not standing.is_full():
            return None
        strongest = self.evidence.strongest() - len(SHARPNESS)
        metric = RATE_OF[OUTCOMES[strongest]] if strongest >= 0 else "accuracy"
        if self.alarm.open is not None:
            metric = self.alarm.open.sight.metric
        measured, promised = self._figures(metric, standing)
        sight = _sight(metric, measured, promised, 1.0 - measured / promised, self.evidence, config)
        return _look(self.alarm, sight, self.evidence, config)

    def _figures(self, metric: str, standing: Standing) -> tuple[float, float]:
        for place, outcome in enumerate(OUTCOMES):
            if metric == RATE_OF[outcome]:
                return self.happened.means[place], self.promised.means[place]
        return standing.rolling.hits / standing.rolling.n, standing.rolling.expected().accuracy


def _sight(
    metric: str, measured: float, promised: float, fall: float, evidence: Evidence, config: LeagueConfig
) -> Sight:
    return Sight(metric, measured, promised, fall, evidence.value, limit_of(config))


def _is_quiet(alarm: Alarm, evidence: Evidence, config: LeagueConfig) -> bool:
    """Whether there is nothing to look at."""
    return alarm.open is None and evidence.value < limit_of(config)


def _look(alarm: Alarm, sight: Sight, evidence: Evidence, config: LeagueConfig) -> Change | None:
    # The evidence has to fall to its square root: half of the way up, on its scale, has to be unsaid.
    over = sight.fall <= config.decay_drop * RESOLVED_AT and evidence.value <= math.sqrt(limit_of(config))
    change = alarm.look(sight, config.decay_drop, proven=evidence.value >= limit_of(config), over=over)
    if change is not None and change.state == "resolved":
        evidence.forget()
    return change
