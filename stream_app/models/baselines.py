"""Models that look at no team: what everything else has to beat."""

from __future__ import annotations

from collections.abc import Mapping

from stream_app.events import OUTCOMES, Outcome
from stream_app.models.contract import MatchModel

PRIOR_MATCHES: dict[Outcome, float] = {"H": 4.5, "D": 2.6, "A": 2.9}
"""Ten matches' worth of the outcomes that leagues show in the long run, so that the first answer is a sensible one."""


class BaseRate(MatchModel):
    """The running share of home wins, draws and away wins."""

    def __init__(self) -> None:
        self.counts = dict(PRIOR_MATCHES)

    def predict_proba_one(self, x: Mapping[str, float]) -> dict[Outcome, float]:  # type: ignore[override]  # River leaves it untyped
        total = sum(self.counts.values())
        return {outcome: self.counts[outcome] / total for outcome in OUTCOMES}

    def learn_one(self, x: Mapping[str, float], y: Outcome) -> None:  # type: ignore[override]  # River leaves it untyped
        self.counts[y] += 1.0
