"""Short stories of a competition, for the tests of the league."""

from __future__ import annotations

import pickle
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from stream_app.events import (
    Configure,
    Evaluation,
    Features,
    LeagueConfig,
    ModelEvent,
    Output,
    Prediction,
    Result,
    ResultStatus,
)
from stream_app.league import League

COMPETITION = "cup"
KICKOFF = datetime(2024, 3, 2, 15, 0, tzinfo=UTC)
CONFIG = LeagueConfig(models=("elo_softmax", "base_rate"), window=5)

Event = Features | Result


def features(match: str = "m1", *, before: float = 1.0, day: float = 0.0, **changes: object) -> Features:
    """Features of `match`, `before` hours ahead of its kickoff on `day`."""
    kickoff = KICKOFF + timedelta(days=day)
    fields: dict[str, object] = {
        "match_id": match,
        "competition": COMPETITION,
        "season": "2024",
        "kickoff": kickoff,
        "as_of": kickoff - timedelta(hours=before),
        "home": f"{match} home",
        "away": f"{match} away",
    }
    return Features(**(fields | changes))  # type: ignore[arg-type]  # tests change any field


def result(
    match: str = "m1",
    goals: tuple[int, int] | None = (2, 1),
    status: ResultStatus = "final",
    *,
    after: float = 2.0,
    day: float = 0.0,
    **changes: object,
) -> Result:
    """The result of `match`, `after` hours past its kickoff on `day`."""
    kickoff = KICKOFF + timedelta(days=day)
    home_goals, away_goals = goals if goals is not None and status in ("final", "corrected") else (None, None)
    fields: dict[str, object] = {
        "match_id": match,
        "competition": COMPETITION,
        "season": "2024",
        "kickoff": kickoff,
        "finished_at": kickoff + timedelta(hours=after),
        "home": f"{match} home",
        "away": f"{match} away",
        "status": status,
        "home_goals": home_goals,
        "away_goals": away_goals,
    }
    return Result(**(fields | changes))  # type: ignore[arg-type]  # tests change any field


def new_league(config: LeagueConfig = CONFIG) -> League:
    """A configured league that has seen no match."""
    league = League(COMPETITION)
    assert league.configure(Configure(COMPETITION, config)) == []
    return league


def tell(league: League, *events: Event) -> list[Output]:
    """Everything that the league answers to `events`, but for what becomes of its models."""
    outputs: list[Output] = []
    for event in events:
        outputs += league.predict(event) if isinstance(event, Features) else league.learn(event)
    return [output for output in outputs if not isinstance(output, ModelEvent)]


def reloaded(league: League) -> League:
    """The league as it comes back from a snapshot."""
    again = pickle.loads(pickle.dumps(league))  # noqa: S301  made on the line
    assert isinstance(again, League)
    return again


def predictions(outputs: Iterable[Output]) -> list[Prediction]:
    """The predictions among `outputs`."""
    return [output for output in outputs if isinstance(output, Prediction)]


def evaluations(outputs: Iterable[Output]) -> list[Evaluation]:
    """The evaluations among `outputs`."""
    return [output for output in outputs if isinstance(output, Evaluation)]
