"""What makes a model suspicious of itself."""

from __future__ import annotations

import math
from collections import deque
from datetime import datetime, timedelta
from typing import Literal

from stream_app.events import LeagueConfig, Outcome, Probabilities
from stream_app.models.softmax import Triple

Cause = Literal["rule", "promises", "command"]

FALSE_START = 5_000.0
"""Matches after which a model that keeps its promises tries in vain to mend itself, on average at least."""

REST = 100
"""Matches after an attempt before the next one, so that it is judged on a quarter of new ones at least."""

LESS_SHARP = (0.75, 0.5)
"""The powers of the two rivals that think less of a model's certainty (see `Trigger`)."""

_BEYOND_DOUBT = 1e12


class Trigger:
    """What makes a model suspicious of itself, at a constant cost a match.

    * `rule`: so many wrong forecasts with so much confidence within so many days.
    * `promises`: more errors than its confidences promise. Let c be its confidence in a match and c' what it would be
      with less sharp probabilities. A forecast that is right pays `c' / c`, a wrong one `(1 - c') / (1 - c)`;
      as long as it is right as often as it says, or more often, that is 1 at most in the mean. The sum of the products
      of these from every beginning on is the Shiryaev-Roberts statistic, which takes `FALSE_START` matches on average
      at least to come as far without reason (Shin, Ramdas and Rinaldo, "E-detectors", NEJSDS 2 (2024), theorem 2.4).
    """

    __slots__ = ("_errors", "_evidence", "rest")

    def __init__(self) -> None:
        self.rest = 0
        self._errors: deque[datetime] = deque()
        self._evidence = [0.0] * len(LESS_SHARP)

    def look(self, said: Probabilities, outcome: Outcome, at: datetime, config: LeagueConfig) -> Cause | None:
        """Count a match that the model had foretold so, with the result known at `at`; the cause, if there is one."""
        triple = (said.H, said.D, said.A)
        confidence = max(triple)
        is_hit = said.of(outcome) == confidence
        self._hear(triple, confidence, is_hit=is_hit)
        if not is_hit and confidence >= config.reinforce_confidence:
            self._errors.append(at)
        oldest = at - timedelta(days=config.reinforce_days)
        while self._errors and (self._errors[0] < oldest or len(self._errors) > config.reinforce_errors):
            self._errors.popleft()
        if self.rest > 0:
            self.rest -= 1
            return None
        if config.reinforce in ("promises", "both") and self.evidence() >= FALSE_START:
            return "promises"
        if config.reinforce in ("rule", "both") and len(self._errors) >= config.reinforce_errors:
            return "rule"
        return None

    def evidence(self) -> float:
        """Matches that it would take on average, at least, to come as far without reason."""
        return math.fsum(self._evidence) / len(self._evidence)

    def begin_anew(self) -> None:
        """An attempt was made, so what led to it is done with."""
        self.rest = REST
        self._errors.clear()
        self._evidence = [0.0] * len(LESS_SHARP)

    def _hear(self, triple: Triple, confidence: float, *, is_hit: bool) -> None:
        for place, power in enumerate(LESS_SHARP):
            humbler = confidence**power / math.fsum(p**power for p in triple)
            pays = humbler / confidence if is_hit else (1.0 - humbler) / (1.0 - confidence)
            # What is far beyond doubt stays as far as it is; it need not become infinite.
            self._evidence[place] = min((1.0 + self._evidence[place]) * pays, _BEYOND_DOUBT)
