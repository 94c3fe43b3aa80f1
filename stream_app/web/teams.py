"""How the ratings of teams went, as lines of bounded length."""

from __future__ import annotations

from bisect import bisect_right

from stream_app.events import Prediction
from stream_app.web.recent import Newest

CAPACITY = 160
"""Points that are kept of a team. When they are full, every other one between the first and the last goes."""

TEAMS = 400
"""Teams of a competition that are held: those that were predicted last."""


class RatingLine:
    """One team's rating before each of its matches."""

    def __init__(self) -> None:
        self.times: list[float] = []
        self.ratings: list[float] = []

    def add(self, at: float, rating: float) -> None:
        """The rating before the match at `at`, seconds since 1970; one before the last point is left out."""
        if self.times and at < self.times[-1]:
            return
        if self.times and at == self.times[-1]:
            self.ratings[-1] = rating
            return
        if len(self.times) >= CAPACITY:
            del self.times[1:-1:2], self.ratings[1:-1:2]
        self.times.append(at)
        self.ratings.append(rating)

    def at(self, time: float) -> float | None:
        """The rating that held at `time`; None before the first one."""
        place = bisect_right(self.times, time)
        return self.ratings[place - 1] if place else None


class RatingLines:
    """The lines of all teams of a competition."""

    def __init__(self) -> None:
        self._lines: Newest[RatingLine] = Newest(TEAMS)

    def add(self, prediction: Prediction) -> None:
        """Take the ratings that a prediction tells."""
        at = prediction.kickoff.timestamp()
        sides = ((prediction.home, prediction.home_rating), (prediction.away, prediction.away_rating))
        for team, rating in sides:
            if rating is not None:
                line = self._lines.get(team) or RatingLine()
                line.add(at, rating)
                self._lines.put(team, line)

    def of(self, team: str) -> RatingLine | None:
        """The line of `team`, None when it is not held."""
        return self._lines.get(team)

    def latest(self) -> dict[str, float]:
        """The last rating of every team, the best first."""
        lasts = {team: line.ratings[-1] for team, line in self._lines.items()}
        return dict(sorted(lasts.items(), key=lambda last: (-last[1], last[0])))

    def together(self, teams: list[str]) -> tuple[list[float], dict[str, list[float | None]]]:
        """Times at which any of `teams` was rated, and what each was rated then."""
        lines = {team: line for team in teams if (line := self._lines.get(team)) is not None}
        times = sorted({time for line in lines.values() for time in line.times})
        return times, {team: [line.at(time) for time in times] for team, line in lines.items()}
