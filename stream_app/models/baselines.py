"""Models that look at no team: what everything else has to beat."""

from __future__ import annotations

from collections.abc import Mapping

from stream_app.events import OUTCOMES, Outcome
from stream_app.models.contract import MatchModel

PRIOR_MATCHES: dict[Outcome, float] = {"H": 4.5, "D": 2.6, "A": 2.9}
"""Ten matches' worth of the outcomes that leagues show in the long run, so that the first answer is a sensible one."""

KEPT = 0.999
"""The share of what was counted that is left after a match: three seasons of a league make up most of it. Home
advantage has fallen for decades, and a share of all matches ever is worse by 0.004 nats on the one league that was
measured over sixty years, and by 0.001 on a shorter one."""


class BaseRate(MatchModel):
    """The running share of home wins, draws and away wins, in which old matches fade."""

    def __init__(self) -> None:
        self.counts = dict(PRIOR_MATCHES)

    def predict_proba_one(self, x: Mapping[str, float]) -> dict[Outcome, float]:  # type: ignore[override]  # River leaves it untyped
        total = sum(self.counts.values())
        return {outcome: self.counts[outcome] / total for outcome in OUTCOMES}

    def learn_one(self, x: Mapping[str, float], y: Outcome) -> None:  # type: ignore[override]  # River leaves it untyped
        for outcome in OUTCOMES:
            # They fade towards the ten matches of the start, so that no outcome is ever out of the question.
            self.counts[outcome] += (1.0 - KEPT) * (PRIOR_MATCHES[outcome] - self.counts[outcome])
        self.counts[y] += 1.0
