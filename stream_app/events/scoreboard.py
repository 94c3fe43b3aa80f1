"""How the models of a competition stand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from stream_app.events.forecasts import Alias


@dataclass(frozen=True, slots=True)
class Figures:
    """Mean scores over `n` matches."""

    n: int
    accuracy: float
    log_loss: float
    rps: float
    brier: float


@dataclass(frozen=True, slots=True)
class ModelStanding:
    """One model's line of the scoreboard: over everything, and over the last matches."""

    model: str
    version: int
    alias: Alias
    total: Figures
    rolling: Figures


@dataclass(frozen=True, slots=True)
class Scoreboard:
    """The scoreboard of a competition. `as_of` is the latest event time that it has seen."""

    competition: str
    as_of: datetime | None
    matches: int
    open_predictions: int
    models: tuple[ModelStanding, ...]
