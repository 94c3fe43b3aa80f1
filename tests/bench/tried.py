"""What was tried on the Kalman filter, and what it gained.

Every variant predicts all matches on its own, prequentially, matches of one kickoff together; the first two seasons are
left out of the figures. Run it from the root of the project, with files of football-data.co.uk for a second opinion:

python -m tests.bench.tried [FILE.csv ...]
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path

from stream_app.events import outcome_of
from stream_app.feeds.datasets import PlayedMatch, bundesliga
from stream_app.feeds.football_data import load
from stream_app.models.inputs import PLACES
from stream_app.models.softmax import softmax
from stream_app.ratings.calendar import Calendar
from stream_app.ratings.contract import Entry, Match, Moment
from stream_app.ratings.kalman import Kalman, Strength
from stream_app.ratings.scores import MOST_GOALS, goal_probabilities, outcome_probabilities


class Variant(Kalman):
    """The filter with other parameters."""

    def __init__(self, **changed: float | bool) -> None:
        super().__init__("league")
        self.parameters = replace(self.parameters, **changed)  # type: ignore[arg-type]  # fields by their names


class NegativeBinomial(Variant):
    """Goals more spread than Poisson ones: of mean m and variance m + m^2 / `shape`."""

    def __init__(self, shape: float) -> None:
        super().__init__()
        self.shape = shape

    def inputs(self, match: Match, moment: Moment) -> dict[str, float]:
        x = super().inputs(match, moment)
        home, away = (self._goals(math.exp(x[f"kalman_log_{side}_rate"])) for side in ("home", "away"))
        return x | _ratios(outcome_probabilities(home, away, self.rho))

    def _goals(self, rate: float) -> list[float]:
        share = rate / (rate + self.shape)
        probability = (1.0 - share) ** self.shape
        probabilities = [probability]
        for goals in range(1, MOST_GOALS + 1):
            probability *= share * (self.shape + goals - 1.0) / goals
            probabilities.append(probability)
        return probabilities


class Bivariate(Variant):
    """Both sides share a Poisson count of mean `shared`, as in Karlis and Ntzoufras (2003), on top of the rates."""

    def __init__(self, shared: float) -> None:
        super().__init__()
        self.shared = shared

    def inputs(self, match: Match, moment: Moment) -> dict[str, float]:
        x = super().inputs(match, moment)
        # The shared goals leave every difference as it is, so the outcomes are those of the own goals alone.
        own = [max(math.exp(x[f"kalman_log_{side}_rate"]) - self.shared, 0.02) for side in ("home", "away")]
        home, away = (goal_probabilities(math.log(rate)) for rate in own)
        return x | _ratios(outcome_probabilities(home, away, self.rho))


class ClubHomes(Variant):
    """A home advantage of each club on top of the league's, with this variance and noise a match."""

    def __init__(self, variance: float, noise: float) -> None:
        super().__init__()
        self.start, self.noise = variance, noise
        self.homes: dict[str, tuple[float, float]] = {}
        self.host = ""

    def inputs(self, match: Match, moment: Moment) -> dict[str, float]:
        self.host = match.home
        return super().inputs(match, moment)

    def learn(self, match: Match, moment: Moment, home_goals: int, away_goals: int) -> None:
        self.host = match.home
        mean, variance = self.homes.get(match.home, (0.0, self.start))
        self.homes[match.home] = mean, variance + self.noise
        super().learn(match, moment, home_goals, away_goals)

    def _log_rate(self, scorer: Strength, other: Strength, side: float) -> float:
        return super()._log_rate(scorer, other, side) + side * self.homes.get(self.host, (0.0, 0.0))[0]

    def _variance(self, scorer: Strength, other: Strength, side: float) -> float:
        return super()._variance(scorer, other, side) + side * side * self.homes.get(self.host, (0.0, self.start))[1]

    def _observe(self, scorer: Strength, other: Strength, side: float, goals: int, weight: float) -> None:
        rate = math.exp(self._log_rate(scorer, other, side))
        total = self._variance(scorer, other, side) + 1.0 / (weight * rate)
        mean, variance = self.homes[self.host]
        moved = mean + side * variance * (goals - rate) / (rate * total)
        super()._observe(scorer, other, side, goals, weight)
        self.homes[self.host] = moved, variance - (side * variance) ** 2 / total


class Remembering(Variant):
    """A club that comes back starts at this share of what it was when it left, and the rest as any promoted one."""

    def __init__(self, share: float) -> None:
        super().__init__()
        self.share = share
        self.left: dict[str, Strength] = {}

    def forget(self, team: str) -> None:
        self.left[team] = self.teams[team]
        super().forget(team)

    def _strength(self, team: str, entry: Entry, moment: Moment) -> Strength:
        strength = super()._strength(team, entry, moment)
        before = self.left.get(team) or self.teams.get(team)
        if entry is Entry.PROMOTED and before is not None:
            strength.attack += self.share * (before.attack - strength.attack)
            strength.defence += self.share * (before.defence - strength.defence)
        return strength


VARIANTS: dict[str, Callable[[], Kalman]] = {
    "as it is": Variant,
    "averaged over what is not known of the rates": lambda: Variant(spread=True),
    "negative binomial goals, shape 50": lambda: NegativeBinomial(50.0),
    "negative binomial goals, shape 20": lambda: NegativeBinomial(20.0),
    "bivariate Poisson, 0.05 goals shared": lambda: Bivariate(0.05),
    "bivariate Poisson, 0.15 goals shared": lambda: Bivariate(0.15),
    "home advantage drifts ten times as fast": lambda: Variant(global_noise=2e-5),
    "home advantage hardly drifts": lambda: Variant(global_noise=2e-7),
    "a home advantage of each club": lambda: ClubHomes(0.01, 1e-4),
    "promoted clubs remember 0.4 of what they were": lambda: Remembering(0.4),
    "strengths drift twice as fast": lambda: Variant(team_noise=4e-5, season_variance=0.02),
    "strengths drift half as fast": lambda: Variant(team_noise=1e-5, season_variance=0.005),
}


def _ratios(chances: tuple[float, float, float]) -> dict[str, float]:
    home, draw, away = chances
    return {"kalman_log_hd": math.log(home / draw), "kalman_log_ad": math.log(away / draw)}


def loss(rating: Kalman, played: Sequence[PlayedMatch]) -> float:
    """Mean log loss after two seasons."""
    calendar = Calendar("league")
    burn_in = list(dict.fromkeys(match.season for match in played))[:2]
    total, count = 0.0, 0
    for _, together in groupby(played, key=lambda match: match.kickoff):
        round_ = [(match, Match(match.season, match.kickoff, match.home, match.away)) for match in together]
        told = [rating.inputs(seen, calendar.moment(seen)) for _, seen in round_]
        for (match, seen), x in zip(round_, told, strict=True):
            if match.season not in burn_in:
                place = PLACES[outcome_of(match.home_goals, match.away_goals)]
                total -= math.log(softmax((x["kalman_log_hd"], x["kalman_log_ad"]))[place])
                count += 1
            rating.learn(seen, calendar.moment(seen), match.home_goals, match.away_goals)
            for team in calendar.advance(seen):
                rating.forget(team)
    return total / count


def main(paths: Sequence[str]) -> None:
    """Print one line a variant: its log loss, and how much less that is than without the change."""
    sets = [("Bundesliga", bundesliga())]
    if paths:
        sets.append(("files", load([Path(path) for path in paths])))
    plain = {name: loss(VARIANTS["as it is"](), played) for name, played in sets}
    print(f"{'':50}" + "".join(f"{name:>20}" for name, _ in sets))
    for variant, make in VARIANTS.items():
        losses = [(loss(make(), played), plain[name]) for name, played in sets]
        print(f"{variant:50}" + "".join(f"{value:11.4f} {before - value:+8.4f}" for value, before in losses))


if __name__ == "__main__":
    main(sys.argv[1:])
