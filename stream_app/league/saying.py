"""What a model says of a match, as it is published."""

from __future__ import annotations

from collections.abc import Mapping

from stream_app.evaluation.scoring import likeliest
from stream_app.events import Alias, Forecast, ForecastStatus, LeagueConfig, Probabilities
from stream_app.models.contract import MatchModel, guarded

UNKNOWING = Probabilities(1 / 3, 1 / 3, 1 / 3)


def forecast(
    model: MatchModel,
    x: Mapping[str, float],
    name: str,
    version: int,
    alias: Alias,
    *,
    blocked: bool,
    config: LeagueConfig,
) -> Forecast:
    """What `model`, version `version` of the model called `name`, says of the match that `x` describes.

    It is `blocked` when asked for, or when the model has no usable answer (then all outcomes are alike); `uncertain`
    when no outcome reaches the configured confidence, or two are in conflict; else `active`.
    """
    said, told = model.answer(x)
    answer = guarded(said)
    probabilities = answer or UNKNOWING
    outcome = likeliest(probabilities)
    confidence, second, _ = sorted((probabilities.H, probabilities.D, probabilities.A), reverse=True)
    conflict = confidence - second <= config.conflict_within
    status: ForecastStatus = "active"
    if answer is None or blocked:
        status = "blocked"
    elif conflict or confidence < config.uncertain_below:
        status = "uncertain"
    return Forecast(
        model=name,
        version=version,
        alias=alias,
        probabilities=probabilities,
        outcome=outcome,
        confidence=confidence,
        status=status,
        conflict=conflict,
        members=told.members,
        why=told.why,
    )
