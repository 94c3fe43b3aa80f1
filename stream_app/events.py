"""The messages of the service as frozen values.

Times are aware `datetime` values in UTC and are always *event* time: the moment that the message speaks of, never
the moment at which it was handled. Probabilities are those of a home win (H), a draw (D) and an away win (A).
What each message looks like on the wire is told by the schemas in `schemas/`.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import orjson

Outcome = Literal["H", "D", "A"]
OUTCOMES: tuple[Outcome, ...] = ("H", "D", "A")

Importance = Literal["competitive", "friendly"]
ResultStatus = Literal["final", "corrected", "postponed", "abandoned"]
Alias = Literal["champion", "challenger", "experimental"]
ForecastStatus = Literal["active", "uncertain", "blocked"]
EvaluationStatus = Literal["final", "corrected", "void", "expired"]
AlertState = Literal["raised", "resolved"]
Severity = Literal["warning", "critical"]
LeagueKind = Literal["league", "national"]

# The namespace of every id that the service makes. Changing it changes every id ever published.
NAMESPACE = uuid.UUID("6f3f2c0e-8a55-5d0b-9a51-0d5f3a2b7c41")


def name_id(*parts: str | int) -> str:
    """The UUIDv5 of what `parts` name, as text.

    The parts are joined as a JSON array, so that no two different lists of parts share an id.
    """
    return str(uuid.uuid5(NAMESPACE, orjson.dumps(parts).decode()))


def outcome_of(home_goals: int, away_goals: int) -> Outcome:
    """H, D or A from the goals of both sides."""
    if home_goals > away_goals:
        return "H"
    return "D" if home_goals == away_goals else "A"


@dataclass(frozen=True, slots=True)
class Features:
    """What is known of a match before kickoff. A later `as_of` supersedes an earlier one."""

    match_id: str
    competition: str
    season: str
    kickoff: datetime
    as_of: datetime
    home: str
    away: str
    neutral: bool = False
    importance: Importance = "competitive"
    features: Mapping[str, float] | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """How a match ended, or why it did not. Goals are there exactly when the status is final or corrected."""

    match_id: str
    competition: str
    season: str
    kickoff: datetime
    finished_at: datetime
    home: str
    away: str
    status: ResultStatus
    home_goals: int | None = None
    away_goals: int | None = None
    neutral: bool = False
    importance: Importance = "competitive"


@dataclass(frozen=True, slots=True)
class LeagueConfig:
    """Everything outside the matches that changes what a league answers.

    It enters the league as an entry of the log, so that yesterday's answers can be explained with yesterday's
    configuration.

    Attributes
    ----------
    kind
        `league` for clubs with seasons, `national` for national teams.
    models
        Names of the models that predict, from `stream_app.models.zoo`. The first one is champion.
    window
        Matches in the rolling figures of the scoreboard.
    decay_drop
        Relative fall of a rolling figure below its baseline that raises a decay alert (0.05 is 5 %).
    cold_matches
        Results that a model has to learn before its forecasts are no longer blocked.
    uncertain_below
        Confidence (the largest probability) below which a forecast is marked uncertain.
    conflict_within
        A forecast whose two largest probabilities are no further apart than this is in conflict, and so uncertain.
    expire_after_days
        Days after kickoff at which a prediction without a result expires.
    remember_days
        Days of event time for which a match that is over is remembered, so that corrections reach it and repeated
        messages are known. What comes later changes nothing.
    odds
        Names of the features that are decimal odds of home win, draw and away win, the preferred ones first.
    """

    kind: LeagueKind = "league"
    models: tuple[str, ...] = (
        "match_model_v1",
        "logistic_regression_v1",
        "random_forest_v1",
        "naive_bayes_v1",
        "ensemble_v1",
        "base_rate",
    )
    window: int = 100
    decay_drop: float = 0.05
    cold_matches: int = 30
    uncertain_below: float = 0.40
    conflict_within: float = 0.10
    expire_after_days: float = 30.0
    remember_days: float = 60.0
    odds: tuple[tuple[str, str, str], ...] = (
        ("odds_home", "odds_draw", "odds_away"),
        ("AvgH", "AvgD", "AvgA"),
        ("B365H", "B365D", "B365A"),
    )


@dataclass(frozen=True, slots=True)
class Configure:
    """A competition is first seen, or its configuration has changed."""

    competition: str
    config: LeagueConfig


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
    """

    home_goals: float
    away_goals: float
    probabilities: Probabilities
    over_2_5: float
    both_score: float
    scores: tuple[LikelyScore, ...]


@dataclass(frozen=True, slots=True)
class Prediction:
    """All models' forecasts for one revision of one match.

    `revision` counts from 1. `late` says that the match already had a result: such a prediction is an answer, but it
    is never scored.
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


Output = Prediction | Evaluation | DecayAlert
"""What a league publishes, in the order in which it says it."""
