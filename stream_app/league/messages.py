"""What a league says of a match, as messages."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from stream_app.events import Evaluation, EvaluationStatus, Features, Forecast, Prediction, Score, outcome_of
from stream_app.league.fixture import Fixture, Revision, Sealed
from stream_app.league.goals import goal_forecast
from stream_app.models.market import market_forecast


def prediction_of(
    features: Features,
    revision: Revision,
    prediction_id: str,
    forecasts: tuple[Forecast, ...],
    x: Mapping[str, float],
    ratings: tuple[float, float],
) -> Prediction:
    """The prediction that answers `features`: what the models say, and what the inputs `x` tell beside them."""
    home_rating, away_rating = ratings
    return Prediction(
        prediction_id=prediction_id,
        match_id=features.match_id,
        competition=features.competition,
        season=features.season,
        kickoff=features.kickoff,
        as_of=features.as_of,
        home=features.home,
        away=features.away,
        revision=revision.number,
        supersedes=revision.supersedes,
        late=revision.late,
        models=forecasts,
        goals=goal_forecast(x),
        home_rating=home_rating,
        away_rating=away_rating,
        market=market_forecast(x),
    )


def evaluation_of(
    competition: str,
    fixture: Fixture,
    evaluation_id: str,
    sealed: Sealed,
    status: EvaluationStatus,
    at: datetime,
    goals: tuple[int, int] | None,
    supersedes: str | None,
    learned: bool,
    scores: tuple[Score, ...],
) -> Evaluation:
    """The verdict on a sealed prediction; without `goals` there is nothing to score it with."""
    return Evaluation(
        evaluation_id=evaluation_id,
        prediction_id=sealed.prediction_id,
        match_id=fixture.match_id,
        competition=competition,
        season=sealed.match.season,
        kickoff=sealed.match.kickoff,
        evaluated_at=at,
        home=sealed.match.home,
        away=sealed.match.away,
        status=status,
        home_goals=None if goals is None else goals[0],
        away_goals=None if goals is None else goals[1],
        outcome=None if goals is None else outcome_of(*goals),
        supersedes=supersedes,
        as_of_lag=(sealed.match.kickoff - sealed.as_of).total_seconds(),
        learned=learned,
        models=scores,
    )
