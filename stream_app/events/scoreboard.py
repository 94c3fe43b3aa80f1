"""How the models of a competition stand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from stream_app.events.alerts import Health
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
class Expected:
    """What the probabilities of `n` matches say themselves of their mean scores, whatever the outcomes."""

    n: int
    accuracy: float
    log_loss: float


NOTHING_EXPECTED = Expected(n=0, accuracy=0.0, log_loss=0.0)


@dataclass(frozen=True, slots=True)
class ModelStanding:
    """One model's line of the scoreboard: over everything, and over the last matches.

    Attributes
    ----------
    total, rolling
        Scores over all matches, and over the last ones, as many as the window is wide.
    promised
        What the model's own probabilities promised of the matches in `rolling`.
    ahead
        What they promise of the matches that wait for their results: an estimate of the next scores.
    health
        `healthy`; `watch` when there is an alert open, `decayed` when it is critical or tells of decay; `frozen` when
        it does not learn; `cold` when it has not learned enough to be heard.
    reason
        Why, in a sentence.
    """

    model: str
    version: int
    alias: Alias
    total: Figures
    rolling: Figures
    promised: Expected = NOTHING_EXPECTED
    ahead: Expected = NOTHING_EXPECTED
    health: Health = "healthy"
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Scoreboard:
    """The scoreboard of a competition. `as_of` is the latest event time that it has seen."""

    competition: str
    as_of: datetime | None
    matches: int
    open_predictions: int
    models: tuple[ModelStanding, ...]
