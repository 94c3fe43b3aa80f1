"""Evaluations as they come from their topic."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any

import orjson

from stream_app import schemas
from stream_app.events import Evaluation, Probabilities, Score
from stream_app.topics import EVALUATIONS

log = logging.getLogger(__name__)


def evaluation_of(value: bytes | None, place: str) -> Evaluation | None:
    """The evaluation in a message; None for what is none, which is told with its `place`."""
    try:
        fields = orjson.loads(value or b"")
    except orjson.JSONDecodeError as error:
        log.warning("%s is left out: it is not JSON (%s)", place, error.msg)
        return None
    problem = next(schemas.validator(EVALUATIONS).iter_errors(fields), None)
    if problem is not None:
        log.warning("%s is left out: it is no evaluation (%s)", place, problem.message)
        return None
    return _evaluation(fields)


def _evaluation(fields: dict[str, Any]) -> Evaluation:
    models = tuple(
        Score(**{**score, "probabilities": Probabilities(**score["probabilities"])}) for score in fields["models"]
    )
    times = {name: datetime.fromisoformat(fields[name]) for name in ("kickoff", "evaluated_at")}
    return Evaluation(**{**fields, **times, "models": models})
