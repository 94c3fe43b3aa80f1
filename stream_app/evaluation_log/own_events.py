"""Events that a program of one's own keeps in the log, as rows: they come from no topic."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from stream_app.errors import InvalidInput
from stream_app.evaluation import scoring
from stream_app.evaluation_log.fields import Message, count_in, number_in, outcome_in, text_in, wrong
from stream_app.evaluation_log.report import Report
from stream_app.evaluation_log.row import LogRow, iso, own_row
from stream_app.events import OUTCOMES, Outcome, Probabilities

# Probabilities that somebody has rounded to three digits still count as summing to one.
_SUM_TOLERANCE = 2e-3


def prediction_row(
    model_id: str,
    match_id: str,
    prediction: Outcome | Mapping[Outcome, float],
    confidence: float,
    *,
    competition: str | None,
    model_version: int,
    metadata: Mapping[str, Any] | None,
    now: datetime,
) -> LogRow:
    """The row of a prediction that was made `now`. Raises InvalidInput that names what is wrong."""
    event_id = str(uuid.uuid4())
    forecast: dict[str, Any] = {"model": model_id, "version": model_version, "alias": "champion", "status": "active"}
    columns: dict[str, Any] = {}
    if isinstance(prediction, Mapping):
        probabilities = _probabilities(prediction)
        forecast |= {"outcome": scoring.likeliest(probabilities), "probabilities": _plain(probabilities)}
        columns = {"p_home": probabilities.H, "p_draw": probabilities.D, "p_away": probabilities.A}
    else:
        forecast["outcome"] = outcome_in({"prediction": prediction}, "prediction")
    forecast["confidence"] = _share({"confidence": confidence}, "confidence")
    message = {
        "prediction_id": event_id,
        "match_id": match_id,
        "competition": competition,
        "as_of": iso(now),
        "late": False,
        "models": [forecast],
        "metadata": metadata or {},
    }
    columns |= {
        "event_id": event_id,
        "event_type": "prediction",
        "event_time": now,
        "competition": _text_or_none(message, "competition"),
        "match_id": text_in(message, "match_id"),
        "model_id": text_in({"model_id": model_id}, "model_id"),
        "model_version": count_in({"model_version": model_version}, "model_version"),
        "prediction_id": event_id,
        "status": "active",
        "outcome": forecast["outcome"],
        "confidence": forecast["confidence"],
    }
    return own_row(columns, message, now)


def evaluation_row(
    of: LogRow, actual_result: Outcome, accuracy: float, *, metadata: Mapping[str, Any] | None, now: datetime
) -> LogRow:
    """The row of an evaluation of the prediction `of`. Raises InvalidInput that names what is wrong."""
    event_id = str(uuid.uuid4())
    actual = outcome_in({"actual_result": actual_result}, "actual_result")
    scores: dict[str, Any] = {"hit": of.outcome == actual}
    score: dict[str, Any] = {
        "model": of.model_id,
        "version": of.model_version,
        "alias": "champion",
        "outcome": of.outcome,
    }
    if of.p_home is not None and of.p_draw is not None and of.p_away is not None:
        probabilities = Probabilities(of.p_home, of.p_draw, of.p_away)
        score["probabilities"] = _plain(probabilities)
        scores |= {
            "log_loss": scoring.log_loss(probabilities, actual),
            "rps": scoring.rps(probabilities, actual),
            "brier": scoring.brier(probabilities, actual),
        }
    message = {
        "evaluation_id": event_id,
        "prediction_id": of.event_id,
        "match_id": of.match_id,
        "competition": of.competition,
        "evaluated_at": iso(now),
        "status": "final",
        "outcome": actual,
        "accuracy": _share({"accuracy": accuracy}, "accuracy"),
        "models": [score | scores],
        "metadata": metadata or {},
    }
    taken_over = ("competition", "match_id", "model_id", "model_version", "outcome", "confidence")
    columns = {name: getattr(of, name) for name in (*taken_over, "p_home", "p_draw", "p_away")}
    columns |= {
        "event_id": event_id,
        "event_type": "evaluation",
        "event_time": now,
        "prediction_id": of.event_id,
        "status": "final",
        "actual": actual,
        **scores,
    }
    return own_row(columns, message, now)


def training_row(
    model_id: str,
    *,
    competition: str | None,
    model_version: int,
    metrics: Mapping[str, float] | None,
    metadata: Mapping[str, Any] | None,
    now: datetime,
) -> LogRow:
    """The row of a model's training that ended `now`. Raises InvalidInput that names what is wrong."""
    event_id = str(uuid.uuid4())
    metrics = metrics or {}
    message = {
        "training_id": event_id,
        "at": iso(now),
        "competition": competition,
        "model": model_id,
        "version": model_version,
        "metrics": {name: number_in(metrics, name) for name in metrics},
        "metadata": metadata or {},
    }
    columns = {
        "event_id": event_id,
        "event_type": "training",
        "event_time": now,
        "competition": _text_or_none(message, "competition"),
        "model_id": text_in({"model_id": model_id}, "model_id"),
        "model_version": count_in({"model_version": model_version}, "model_version"),
    }
    return own_row(columns, message, now)


def reconciliation_row(report: Report, now: datetime) -> LogRow:
    """The row of a comparison of the stores that was made `now`, with all that it found."""
    event_id = str(uuid.uuid4())
    message = {"reconciliation_id": event_id, "at": iso(now), **report.plain()}
    columns = {
        "event_id": event_id,
        "event_type": "reconciliation",
        "event_time": now,
        "status": "clean" if report.clean else "not clean",
    }
    return own_row(columns, message, now)


def _probabilities(given: Mapping[Outcome, float]) -> Probabilities:
    by_name: Message = {str(outcome): probability for outcome, probability in given.items()}
    values = {outcome: _share(by_name, outcome) for outcome in OUTCOMES}
    total = sum(values.values())
    if abs(total - 1.0) > _SUM_TOLERANCE or not min(values.values()) > 0.0:
        raise InvalidInput(f"prediction {dict(given)!r}: wanted probabilities of H, D and A above 0 that sum to 1")
    return Probabilities(*(value / total for value in values.values()))


def _plain(probabilities: Probabilities) -> dict[str, float]:
    return {outcome: probabilities.of(outcome) for outcome in OUTCOMES}


def _share(source: Message, name: str) -> float:
    value = number_in(source, name)
    if not 0.0 <= value <= 1.0:
        raise wrong(source, name, "a number from 0 to 1")
    return value


def _text_or_none(source: Message, name: str) -> str | None:
    return None if source.get(name) is None else text_in(source, name)
