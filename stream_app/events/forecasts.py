"""What the models say of a match before it is played."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from stream_app.events.ids import Outcome

Alias = Literal["champion", "challenger", "experimental"]
ForecastStatus = Literal["active", "uncertain", "blocked"]


@dataclass(frozen=True, slots=True)
class Probabilities:
    """Probabilities of home win, draw and away win: finite, in (0, 1), summing to 1 within 1e-9."""

    H: float
    D: float
    A: float

    def of(self, outcome: Outcome) -> float:
        """The probability that was given to `outcome`."""
        return self.H if outcome == "H" else self.D if outcome == "D" else self.A


@dataclass(frozen=True, slots=True)
class Voice:
    """One member's part in a forecast: what it says, and with which weight it is heard (all weights sum to 1)."""

    member: str
    weight: float
    probabilities: Probabilities


@dataclass(frozen=True, slots=True)
class Reason:
    """Something that moved a forecast away from the base rate.

    Attributes
    ----------
    input
        What it is, by the name of the input that stands for it.
    outcome
        The outcome that the forecast holds for the likeliest.
    shift
        By how much it moved that outcome's probability, to first order.
    text
        The same in words.
    """

    input: str
    outcome: Outcome
    shift: float
    text: str


@dataclass(frozen=True, slots=True)
class Forecast:
    """What one model says of one match.

    `confidence` is the largest probability; `conflict` says that the second largest is close to it. `members` are the
    parts of a model that has some; `why` are the few inputs that moved it most, the largest shift first.
    """

    model: str
    version: int
    alias: Alias
    probabilities: Probabilities
    outcome: Outcome
    confidence: float
    status: ForecastStatus
    conflict: bool = False
    members: tuple[Voice, ...] = ()
    why: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class LikelyScore:
    """A final score and its probability."""

    home_goals: int
    away_goals: int
    probability: float


@dataclass(frozen=True, slots=True)
class GoalRates:
    """The distribution of final scores as it is given by its parameters: `ratings.scores.score_matrix` writes it out.

    Goals of each side are Poisson with these logarithms of their rates, averaged over a normal distribution of the
    logarithm with the given standard deviation (`spread`), and with Dixon and Coles' term `rho` for low scores.
    """

    log_home_rate: float
    log_away_rate: float
    home_spread: float
    away_spread: float
    rho: float


@dataclass(frozen=True, slots=True)
class GoalForecast:
    """What is to be expected of the goals of a match, all from one distribution of final scores.

    Attributes
    ----------
    home_goals, away_goals
        Expected goals of each side.
    probabilities
        Of the outcomes, as the scores have them; no model's forecast need agree.
    over_2_5
        Probability of three or more goals in the match.
    both_score
        Probability that both sides score.
    scores
        The likeliest final scores, best first.
    rates
        The distribution itself; None in predictions that were made before it was told.
    """

    home_goals: float
    away_goals: float
    probabilities: Probabilities
    over_2_5: float
    both_score: float
    scores: tuple[LikelyScore, ...]
    rates: GoalRates | None = None


@dataclass(frozen=True, slots=True)
class Prediction:
    """All models' forecasts for one revision of one match.

    `revision` counts from 1. `late` says that the match already had a result: such a prediction is an answer, but it
    is never scored. The ratings are the Elo points of both sides before the match, without home advantage; None in
    predictions that were made before they were told. `market` is what the odds say, without the bookmakers' margin;
    None without usable odds.
    """

    prediction_id: str
    match_id: str
    competition: str
    season: str
    kickoff: datetime
    as_of: datetime
    home: str
    away: str
    revision: int
    supersedes: str | None
    late: bool
    models: tuple[Forecast, ...]
    goals: GoalForecast | None = None
    home_rating: float | None = None
    away_rating: float | None = None
    market: Probabilities | None = None
