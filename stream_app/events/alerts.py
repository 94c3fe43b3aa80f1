"""What models have to be watched for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

AlertState = Literal["raised", "resolved"]
Severity = Literal["warning", "critical"]


@dataclass(frozen=True, slots=True)
class DecayAlert:
    """A model's rolling figure has fallen below its baseline, or has come back."""

    alert_id: str
    competition: str
    model: str
    version: int
    kind: Literal["decay"]
    state: AlertState
    severity: Severity
    at: datetime
    match_id: str
    metric: str
    measured: float
    promised: float
    window: int
    message: str
