"""Messages for the tests of the live view, and Kafka records that carry them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from stream_app.contracts import encode
from stream_app.events import (
    AlertState,
    Alias,
    DecayAlert,
    Evaluation,
    EvaluationStatus,
    Figures,
    Forecast,
    GoalForecast,
    GoalRates,
    LikelyScore,
    ModelStanding,
    Outcome,
    Prediction,
    Probabilities,
    Score,
    Scoreboard,
    name_id,
    outcome_of,
)
from stream_app.topics import DECAY_ALERTS, EVALUATIONS, PREDICTIONS, SCOREBOARD

KICKOFF = datetime(1974, 5, 18, 14, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)
CHANCES = Probabilities(0.5, 0.3, 0.2)
GOALS = GoalForecast(
    1.62,
    1.08,
    CHANCES,
    0.51,
    0.55,
    (LikelyScore(1, 1, 0.122), LikelyScore(2, 1, 0.094)),
    GoalRates(0.4824, 0.077, 0.0, 0.0, -0.05),
)

Shown = Prediction | Evaluation | DecayAlert | Scoreboard

TOPIC_OF: dict[type, str] = {
    Prediction: PREDICTIONS,
    Evaluation: EVALUATIONS,
    DecayAlert: DECAY_ALERTS,
    Scoreboard: SCOREBOARD,
}


@dataclass(frozen=True, slots=True)
class Record:
    topic: str
    value: bytes | None
    key: bytes | None = b"bundesliga"
    partition: int = 0
    offset: int = 0
    timestamp: int = 0
    headers: Sequence[tuple[str, bytes]] = ()


def record(event: Shown) -> Record:
    return Record(TOPIC_OF[type(event)], encode(event))


def prediction(
    match: str = "m1",
    *,
    revision: int = 1,
    kickoff: datetime = KICKOFF,
    as_of: datetime | None = None,
    home: str = "Schalke 04",
    away: str = "1. FC Köln",
    competition: str = "bundesliga",
    late: bool = False,
    chances: Probabilities = CHANCES,
) -> Prediction:
    return Prediction(
        prediction_id=name_id("prediction", competition, match, revision),
        match_id=match,
        competition=competition,
        season="1973-74",
        kickoff=kickoff,
        as_of=as_of or kickoff - HOUR,
        home=home,
        away=away,
        revision=revision,
        supersedes=None,
        late=late,
        goals=GOALS,
        home_rating=12.0,
        away_rating=-8.0,
        models=(
            Forecast("elo_softmax", 1, "champion", chances, "H", chances.H, "active"),
            Forecast("base_rate", 1, "challenger", Probabilities(0.45, 0.25, 0.3), "H", 0.45, "active"),
        ),
    )


def evaluation(
    match: str = "m1",
    *,
    goals: tuple[int, int] | None = (2, 1),
    status: EvaluationStatus = "final",
    kickoff: datetime = KICKOFF,
    revision: int = 1,
    word: int = 1,
    log_loss: float = 0.7,
    competition: str = "bundesliga",
    home: str = "Schalke 04",
    away: str = "1. FC Köln",
) -> Evaluation:
    """The evaluation of a match's `revision`; `word` counts what was said of its end."""
    outcome: Outcome | None = None if goals is None else outcome_of(*goals)
    lines: tuple[tuple[str, Alias, float], ...] = (
        ("elo_softmax", "champion", log_loss),
        ("base_rate", "challenger", log_loss + 0.1),
    )
    return Evaluation(
        evaluation_id=name_id("evaluation", competition, match, word),
        prediction_id=name_id("prediction", competition, match, revision),
        match_id=match,
        competition=competition,
        season="1973-74",
        kickoff=kickoff,
        evaluated_at=kickoff + 2 * HOUR,
        home=home,
        away=away,
        status=status,
        home_goals=None if goals is None else goals[0],
        away_goals=None if goals is None else goals[1],
        outcome=outcome,
        supersedes=None,
        as_of_lag=3600.0,
        learned=True,
        models=()
        if outcome is None
        else tuple(
            Score(model, 1, alias, CHANCES, outcome, outcome == "H", loss, 0.2, 0.5) for model, alias, loss in lines
        ),
    )


def alert(
    number: int = 1, *, state: AlertState = "raised", model: str = "elo_softmax", competition: str = "bundesliga"
) -> DecayAlert:
    return DecayAlert(
        alert_id=name_id("alert", competition, model, number, state),
        competition=competition,
        model=model,
        version=1,
        kind="decay",
        state=state,
        severity="warning",
        at=KICKOFF + number * HOUR,
        match_id="m1",
        metric="log_loss",
        measured=1.05,
        promised=0.98,
        window=100,
        evidence=10_000.0,
        limit=10_000.0,
        message="log loss of the last 100 matches is 1.0500, 7.1% above its baseline of 0.9800",
    )


def board(
    matches: int = 200, *, as_of: datetime = KICKOFF, competition: str = "bundesliga", loss: float = 0.98
) -> Scoreboard:
    return Scoreboard(
        competition=competition,
        as_of=as_of,
        matches=matches,
        open_predictions=0,
        models=(
            ModelStanding(
                "elo_softmax",
                1,
                "champion",
                Figures(matches, 0.531, loss, 0.198, 0.58),
                Figures(100, 0.54, loss, 0.2, 0.59),
            ),
            ModelStanding(
                "base_rate", 1, "challenger", Figures(matches, 0.5, 1.02, 0.21, 0.61), Figures(100, 0.5, 1.0, 0.21, 0.6)
            ),
        ),
    )
