"""Messages, rows and batches as a worker would make them, for the tests of the evaluation log."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from stream_app.contracts import encode
from stream_app.evaluation_log.row import LogRow, row_of
from stream_app.evaluation_log.store import Batch, Place
from stream_app.events import (
    DecayAlert,
    Evaluation,
    EvaluationStatus,
    Forecast,
    ModelEvent,
    ModelEventKind,
    Outcome,
    Prediction,
    Probabilities,
    Score,
    name_id,
)
from stream_app.topics import DECAY_ALERTS, EVALUATIONS, MODEL_EVENTS, PREDICTIONS

KICKOFF = datetime(2024, 8, 17, 13, 30, tzinfo=UTC)
PUBLISHED_MS = int(KICKOFF.timestamp() * 1000)
PROBABILITIES = Probabilities(0.5, 0.3, 0.2)
BASE_RATE = Probabilities(0.45, 0.25, 0.3)


def prediction(match: int = 1, revision: int = 1, competition: str = "bundesliga", home: str = "München") -> Prediction:
    match_id = f"{competition}-{match}"
    return Prediction(
        prediction_id=name_id("prediction", competition, match_id, revision),
        match_id=match_id,
        competition=competition,
        season="2024-25",
        kickoff=KICKOFF,
        as_of=KICKOFF - timedelta(hours=2) + timedelta(minutes=revision),
        home=home,
        away="Köln",
        revision=revision,
        supersedes=name_id("prediction", competition, match_id, revision - 1) if revision > 1 else None,
        late=False,
        models=(
            Forecast("elo_softmax", 3, "champion", PROBABILITIES, "H", 0.5, "active"),
            Forecast("base_rate", 1, "challenger", BASE_RATE, "H", 0.45, "active"),
        ),
    )


def evaluation(
    of: Prediction, actual: Outcome | None = "H", number: int = 1, status: EvaluationStatus = "final"
) -> Evaluation:
    scores = tuple(
        Score(
            forecast.model,
            forecast.version,
            forecast.alias,
            forecast.probabilities,
            forecast.outcome,
            forecast.outcome == actual,
            1.5,
            0.25,
            0.5,
        )
        for forecast in of.models
    )
    goals = {None: (None, None), "H": (2, 0), "D": (1, 1), "A": (0, 3)}[actual]
    return Evaluation(
        evaluation_id=name_id("evaluation", of.prediction_id, number),
        prediction_id=of.prediction_id,
        match_id=of.match_id,
        competition=of.competition,
        season=of.season,
        kickoff=of.kickoff,
        evaluated_at=of.kickoff + timedelta(minutes=105),
        home=of.home,
        away=of.away,
        status=status,
        home_goals=goals[0],
        away_goals=goals[1],
        outcome=actual,
        supersedes=name_id("evaluation", of.prediction_id, number - 1) if number > 1 else None,
        as_of_lag=3600.0,
        learned=True,
        models=scores if actual else (),
    )


def alert(number: int = 1) -> DecayAlert:
    return DecayAlert(
        alert_id=name_id("alert", "bundesliga", number),
        competition="bundesliga",
        model="elo_softmax",
        version=3,
        kind="decay",
        state="raised",
        severity="warning",
        at=KICKOFF,
        match_id="bundesliga-1",
        metric="log_loss",
        measured=1.1,
        promised=0.98,
        window=100,
        evidence=10_000.0,
        limit=10_000.0,
        message="log loss is 12 % above its baseline",
    )


def model_event(kind: ModelEventKind = "promoted", number: int = 1, model: str | None = "elo_softmax") -> ModelEvent:
    return ModelEvent(
        event_id=name_id("model-event", "bundesliga", number),
        competition="bundesliga",
        kind=kind,
        at=KICKOFF,
        issued_at=None,
        number=number,
        model=model,
        version=None if model is None else 3,
        alias="champion",
        previous_model="base_rate",
        previous_version=1,
        proposal_id=None,
        command_id=None,
        who="ada",
        why="it has proven itself",
        reason=None,
        policy=None,
        evidence={"e_value": 31.5},
    )


TOPIC_OF = {Prediction: PREDICTIONS, Evaluation: EVALUATIONS, DecayAlert: DECAY_ALERTS, ModelEvent: MODEL_EVENTS}


def row(
    event: Prediction | Evaluation | DecayAlert | ModelEvent, offset: int = 0, published_ms: int = PUBLISHED_MS
) -> LogRow:
    return row_of(TOPIC_OF[type(event)], 0, offset, published_ms, encode(event))


def rows(count: int, start: int = 0, published_ms: int = PUBLISHED_MS) -> list[LogRow]:
    """Predictions of matches `start` and on, each at the offset of its number."""
    return [row(prediction(match), match, published_ms) for match in range(start, start + count)]


def batch(events: Sequence[LogRow]) -> Batch:
    """`events` and the places that a reader of them has reached."""
    return Batch(events, places_of(events))


def places_of(events: Iterable[LogRow]) -> dict[tuple[str, int], Place]:
    places: dict[tuple[str, int], Place] = {}
    for event in events:
        assert event.kafka_topic is not None
        assert event.kafka_partition is not None
        assert event.kafka_offset is not None
        places[event.kafka_topic, event.kafka_partition] = Place(
            event.kafka_offset + 1, event.kafka_offset, event.event_id
        )
    return places


async def refuse_nothing(row: LogRow, reason: str) -> None:
    raise AssertionError(f"{row.event_id} was refused: {reason}")
