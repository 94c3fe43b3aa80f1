"""How forecasts fared."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from stream_app.events.forecasts import Alias, Probabilities
from stream_app.events.ids import Outcome

EvaluationStatus = Literal["final", "corrected", "void", "expired"]


@dataclass(frozen=True, slots=True)
class Score:
    """How one model's forecast fared. Losses in nats (log loss) and on the usual scales (RPS 0..1, Brier 0..2)."""

    model: str
    version: int
    alias: Alias
    probabilities: Probabilities
    outcome: Outcome
    hit: bool
    log_loss: float
    rps: float
    brier: float


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The sealed prediction of a match, joined to its result.

    `outcome` and the goals are None when `status` is `void` (postponed or abandoned after all) or `expired` (no result
    came in time); such an evaluation has no scores. `supersedes` names the evaluation that this one replaces.
    `as_of_lag` is the time in seconds from the sealed features to kickoff. `learned` says whether the models learned
    from this result.
    """

    evaluation_id: str
    prediction_id: str
    match_id: str
    competition: str
    season: str
    kickoff: datetime
    evaluated_at: datetime
    home: str
    away: str
    status: EvaluationStatus
    home_goals: int | None
    away_goals: int | None
    outcome: Outcome | None
    supersedes: str | None
    as_of_lag: float
    learned: bool
    models: tuple[Score, ...]
