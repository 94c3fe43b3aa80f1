"""How long models take, in a back-test."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Mapping
from statistics import median
from time import perf_counter
from typing import TypeVar

from stream_app.events import Outcome
from stream_app.league import League
from stream_app.models.contract import Explanation, MatchModel
from stream_app.ratings import Match, Ratings

RATINGS = "ratings"
"""Name under which the time of the ratings stands, which all models share."""

T = TypeVar("T")


class Times:
    """The times that one model took to predict and to learn, match by match, in seconds."""

    def __init__(self) -> None:
        self.predict = array("d")
        self.learn = array("d")

    def medians(self) -> tuple[float, float]:
        """Half of all predictions, and half of all lessons, took no longer than this, in microseconds."""
        return (
            median(self.predict) * 1e6 if self.predict else 0.0,
            median(self.learn) * 1e6 if self.learn else 0.0,
        )


class Stopwatch:
    """Takes the time of the ratings and of each model of the leagues that it is attached to."""

    def __init__(self) -> None:
        self.times: dict[str, Times] = {}

    def attach(self, league: League) -> None:
        """Take the time of `league` from now on; it answers as before."""
        league.ratings = _TimedRatings(league.ratings, self._of(RATINGS))
        for member in league.squad.members.values():
            member.model = _TimedModel(member.model, self._of(member.name))

    def _of(self, name: str) -> Times:
        return self.times.setdefault(name, Times())


class _TimedModel(MatchModel):
    def __init__(self, model: MatchModel, times: Times) -> None:
        self.model = model
        self.times = times

    def predict_proba_one(self, x: Mapping[str, float]) -> dict[Outcome, float]:  # type: ignore[override]  # River leaves it untyped
        return _timed(lambda: self.model.predict_proba_one(x), self.times.predict)

    def learn_one(self, x: Mapping[str, float], y: Outcome) -> None:  # type: ignore[override]  # River leaves it untyped
        _timed(lambda: self.model.learn_one(x, y), self.times.learn)

    def explain(self, x: Mapping[str, float]) -> Explanation:
        return self.model.explain(x)

    @property
    def listens_to(self) -> tuple[str, ...]:
        return self.model.listens_to


class _TimedRatings(Ratings):
    def __init__(self, ratings: Ratings, times: Times) -> None:
        self.__dict__.update(ratings.__dict__)
        self.times = times

    def inputs(self, match: Match) -> dict[str, float]:
        return _timed(lambda: super(_TimedRatings, self).inputs(match), self.times.predict)

    def learn(self, match: Match, home_goals: int, away_goals: int) -> None:
        _timed(lambda: super(_TimedRatings, self).learn(match, home_goals, away_goals), self.times.learn)


def _timed(call: Callable[[], T], times: array[float]) -> T:
    before = perf_counter()
    answer = call()
    times.append(perf_counter() - before)
    return answer
