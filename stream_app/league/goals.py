"""What a prediction says of the goals, besides the outcome."""

from __future__ import annotations

from collections.abc import Mapping

from stream_app.events import GoalForecast, GoalRates, LikelyScore
from stream_app.models.contract import FLOOR, guarded
from stream_app.ratings.scores import score_sheet


def goal_forecast(x: Mapping[str, float]) -> GoalForecast | None:
    """The forecast of the goals of the match that `x` describes; None when the ratings have no usable numbers on it."""
    sheet = score_sheet(x)
    probabilities = guarded({"H": sheet.home_wins, "D": sheet.draws, "A": sheet.away_wins})
    if probabilities is None:
        return None
    return GoalForecast(
        home_goals=sheet.home_goals,
        away_goals=sheet.away_goals,
        probabilities=probabilities,
        over_2_5=_inside(sheet.over_2_5),
        both_score=_inside(sheet.both_score),
        scores=tuple(LikelyScore(score.home_goals, score.away_goals, score.probability) for score in sheet.likeliest),
        rates=goal_rates(x),
    )


def goal_rates(x: Mapping[str, float]) -> GoalRates:
    """The parameters of the distribution of the scores of the match that `x` describes."""
    return GoalRates(
        x["kalman_log_home_rate"],
        x["kalman_log_away_rate"],
        x["kalman_home_spread"],
        x["kalman_away_spread"],
        x["kalman_rho"],
    )


def _inside(probability: float) -> float:
    """`probability` with a little distance from 0 and 1, which no forecast of a match may say."""
    return min(max(probability, FLOOR), 1.0 - FLOOR)
