"""What models have to be watched for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

AlertKind = Literal["decay", "calibration", "drift"]
AlertState = Literal["raised", "worsened", "resolved"]
Severity = Literal["warning", "critical"]
Health = Literal["healthy", "watch", "decayed", "frozen", "cold"]


@dataclass(frozen=True, slots=True)
class DecayAlert:
    """A model is not what it was, or has come back.

    Attributes
    ----------
    kind
        `decay`: its scores have fallen below what they were. `calibration`: its probabilities promise more than they
        keep. `drift`: what it has to deal with has changed; a change of the outcomes is told of the champion alone.
    state
        `raised` once, `worsened` at most once, when a warning becomes critical, and `resolved` once.
    severity
        `critical` when the figure has fallen by twice what is needed for an alert.
    at, match_id
        The event that made the difference.
    metric
        Name of the figure that has fallen: `log_loss`, `accuracy`, or the share of an outcome such as `home_rate`.
    measured, promised
        The figure over the last `window` matches, and what it is held against: of `decay` and `drift` what it was
        before, of `calibration` what the model's own probabilities say that it should be.
    evidence, limit
        How far the evidence goes, and how far it had to go. Of `decay` and `calibration`: the matches between two such
        findings, on average at least, about a model that keeps its promises. Of `drift`: 1 / delta of ADWIN.
    message
        The same in a sentence for people.
    """

    alert_id: str
    competition: str
    model: str
    version: int
    kind: AlertKind
    state: AlertState
    severity: Severity
    at: datetime
    match_id: str
    metric: str
    measured: float
    promised: float
    window: int
    evidence: float
    limit: float
    message: str
