"""Virtual football: simulated competitions in which a round is played every few minutes, without an end.

Teams have strengths of attack and defence on a log scale; goals are Poisson, drawn from a random number generator that
can be made to fail in known ways. The same knobs and seed give the same matches, to the last bit.
"""

from __future__ import annotations

import heapq
import math
import random
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Literal, get_args

from stream_app.contracts import event_time
from stream_app.errors import InvalidInput
from stream_app.events import Features, Result

Defect = Literal["none", "repeats", "cycle", "bias"]
DEFECTS: tuple[Defect, ...] = get_args(Defect)

START = datetime(2026, 1, 1, tzinfo=UTC)

GOALS = 1.35
"""Goals of a side against an equal one on neutral ground, about what football has."""

HOME_ADVANTAGE = 0.25
"""Logarithm of what home ground multiplies goals by."""

STRENGTH_SPREAD = 0.3
"""Standard deviation of strengths among the teams of a competition."""

MOST_GOALS = 15
MARGIN = 0.05
"""What the odds leave to the bookmaker."""

SHORTEST_ODDS = 1.001

KNOWN_BEFORE, OVER_AFTER = 0.2, 0.6
"""When features are known before kickoff and when a match is over after it, as shares of the time between rounds."""


@dataclass(frozen=True, slots=True)
class Knobs:
    """What the competitions are like.

    Attributes
    ----------
    leagues, teams
        Competitions, and teams in each (an even number): each plays the others twice in a season.
    rounds
        Rounds that every competition plays.
    every
        Time between two rounds.
    drift
        Share of a team's strength that changes from round to round, 0 (never) to 1 (drawn anew each time).
    defect
        How the generator of goals fails. `repeats`: it gives a number again; `cycle`: its numbers come round; `bias`:
        large numbers come too often, and so do goals.
    defect_rate
        How badly, 0 to 1: the share of numbers that are repeated or biased; a cycle has 1/rate numbers.
    defect_from
        Round in which the failure sets in, from 0.
    lateness
        Mean time by which messages come later than they could.
    odds
        Whether features carry decimal odds made of the true strengths.
    seed, start
        Of everything random; kickoff of the first round.
    """

    leagues: int = 4
    teams: int = 16
    rounds: int = 300
    every: timedelta = timedelta(minutes=5)
    drift: float = 0.0
    defect: Defect = "none"
    defect_rate: float = 0.1
    defect_from: int = 0
    lateness: timedelta = timedelta(0)
    odds: bool = True
    seed: int = 1
    start: datetime = START

    def __post_init__(self) -> None:
        """Raise InvalidInput for a knob out of its range."""
        if self.teams < 2 or self.teams % 2:
            raise InvalidInput(f"teams {self.teams}: wanted an even number, 2 or more")
        for name, least in (("leagues", 1), ("rounds", 1), ("defect_from", 0)):
            if getattr(self, name) < least:
                raise InvalidInput(f"{name} {getattr(self, name)}: wanted {least} or more")
        if not 0.0 <= self.drift <= 1.0:
            raise InvalidInput(f"drift {self.drift}: wanted a share from 0 to 1")
        if not 0.0 < self.defect_rate <= 1.0:
            raise InvalidInput(f"defect rate {self.defect_rate}: wanted a share above 0, at most 1")
        if self.defect not in DEFECTS:
            raise InvalidInput(f"defect {self.defect!r}: wanted one of {', '.join(DEFECTS)}")
        if self.every <= timedelta(0) or self.lateness < timedelta(0):
            raise InvalidInput("time between rounds and lateness: wanted more than 0 and 0 or more minutes")

    @property
    def matches(self) -> int:
        """Matches of all competitions together."""
        return self.leagues * self.rounds * self.teams // 2


def matches(knobs: Knobs) -> Iterator[Features | Result]:
    """Features and results of all competitions in the order in which they are sent.

    Without lateness that is the order of their times; with it, features may come after their result.
    """
    competitions = [_Competition(number, knobs) for number in range(1, knobs.leagues + 1)]
    delays = random.Random(f"lateness/{knobs.seed}")  # noqa: S311  made to be had again
    waiting: list[tuple[datetime, int, Features | Result]] = []
    order = 0
    for number in range(knobs.rounds):
        played = [pair for competition in competitions for pair in competition.play(number)]
        events: list[Features | Result] = [features for features, _ in played]
        events += [result for _, result in played]
        for event in events:
            late = knobs.lateness * delays.expovariate(1.0) if knobs.lateness else timedelta(0)
            heapq.heappush(waiting, (event_time(event) + late, order, event))
            order += 1
        next_round = knobs.start + (number + 1 - KNOWN_BEFORE) * knobs.every
        while waiting and waiting[0][0] < next_round:
            yield heapq.heappop(waiting)[2]
    while waiting:
        yield heapq.heappop(waiting)[2]


class Machine:
    """A generator of numbers between 0 and 1 that fails as `Knobs.defect` says, once it `is_failing`."""

    def __init__(self, seed: str, defect: Defect, rate: float) -> None:
        self._rng = random.Random(seed)  # noqa: S311  the machine under study, no secret
        self._defect = defect
        self._rate = rate
        self._last = self._rng.random()
        self._cycle: deque[float] = deque(maxlen=max(round(1 / rate), 1))
        self.is_failing = False

    def random(self) -> float:
        """The next number."""
        number = self._rng.random()
        if self.is_failing:
            number = self._failed(number)
        self._last = number
        return number

    def _failed(self, number: float) -> float:
        match self._defect:
            case "repeats":
                return self._last if self._rng.random() < self._rate else number
            case "cycle":
                if len(self._cycle) == self._cycle.maxlen:
                    number = self._cycle[0]
                self._cycle.append(number)
                return number
            case "bias":
                return max(number, self._rng.random()) if self._rng.random() < self._rate else number
            case "none":
                return number


class _Competition:
    def __init__(self, number: int, knobs: Knobs) -> None:
        self._name = f"virtual-{number:03}"
        self._knobs = knobs
        self._rng = random.Random(f"strength/{knobs.seed}/{number}")  # noqa: S311  made to be had again
        self._machine = Machine(f"goals/{knobs.seed}/{number}", knobs.defect, knobs.defect_rate)
        self._teams = [f"Virtual {number:03}-{team:02}" for team in range(1, knobs.teams + 1)]
        self._attack = [self._rng.gauss(0.0, STRENGTH_SPREAD) for _ in self._teams]
        self._defence = [self._rng.gauss(0.0, STRENGTH_SPREAD) for _ in self._teams]

    def play(self, number: int) -> list[tuple[Features, Result]]:
        """Round `number`, from 0: every team once."""
        self._machine.is_failing = number >= self._knobs.defect_from
        played = [self._match(number, home, away) for home, away in pairs(self._knobs.teams, number)]
        self._attack, self._defence = self._drifted(self._attack), self._drifted(self._defence)
        return played

    def _match(self, number: int, home: int, away: int) -> tuple[Features, Result]:
        knobs = self._knobs
        kickoff = knobs.start + number * knobs.every
        home_mean = GOALS * math.exp(HOME_ADVANTAGE + self._attack[home] - self._defence[away])
        away_mean = GOALS * math.exp(self._attack[away] - self._defence[home])
        features = Features(
            match_id=f"{self._name}:{number:06}:{home + 1:02}-{away + 1:02}",
            competition=self._name,
            season=f"season-{number // (2 * (knobs.teams - 1)) + 1}",
            kickoff=kickoff,
            as_of=kickoff - KNOWN_BEFORE * knobs.every,
            home=self._teams[home],
            away=self._teams[away],
        )
        if knobs.odds:
            features = replace(features, features=_odds(home_mean, away_mean))
        result = Result(
            match_id=features.match_id,
            competition=features.competition,
            season=features.season,
            kickoff=kickoff,
            finished_at=kickoff + OVER_AFTER * knobs.every,
            home=features.home,
            away=features.away,
            status="final",
            home_goals=_goals(home_mean, self._machine.random()),
            away_goals=_goals(away_mean, self._machine.random()),
        )
        return features, result

    def _drifted(self, strengths: list[float]) -> list[float]:
        """Strengths one round later. The spread among the teams stays what it is."""
        drift = self._knobs.drift
        if not drift:
            return strengths
        fresh = STRENGTH_SPREAD * math.sqrt(1.0 - (1.0 - drift) ** 2)
        return [(1.0 - drift) * strength + fresh * self._rng.gauss(0.0, 1.0) for strength in strengths]


def pairs(teams: int, number: int) -> list[tuple[int, int]]:
    """Who receives whom in round `number`, from 0: the circle method, sides changed in the second half of a season."""
    half, rest = divmod(number % (2 * (teams - 1)), teams - 1)
    ring = [(place + rest) % (teams - 1) for place in range(teams - 1)]
    met = [(teams - 1, ring[0])] + [(ring[place], ring[-place]) for place in range(1, teams // 2)]
    # Who stays in place would else play every match of a half at home.
    return [(b, a) if (place == 0 and rest % 2) != bool(half) else (a, b) for place, (a, b) in enumerate(met)]


def _goals(mean: float, number: float) -> int:
    """The goals at which the distribution function of a Poisson variable passes `number`."""
    goals, term = 0, math.exp(-mean)
    passed = term
    while passed <= number and goals < MOST_GOALS:
        goals += 1
        term *= mean / goals
        passed += term
    return goals


def _odds(home_mean: float, away_mean: float) -> dict[str, float]:
    home = [_poisson(goals, home_mean) for goals in range(MOST_GOALS + 1)]
    away = [_poisson(goals, away_mean) for goals in range(MOST_GOALS + 1)]
    draw = sum(a * b for a, b in zip(home, away, strict=True))
    home_win, below = 0.0, 0.0
    for goals in range(1, MOST_GOALS + 1):
        below += away[goals - 1]
        home_win += home[goals] * below
    chances = {"odds_home": home_win, "odds_draw": draw, "odds_away": 1.0 - home_win - draw}
    return {name: max(round(1.0 / (chance * (1.0 + MARGIN)), 3), SHORTEST_ODDS) for name, chance in chances.items()}


def _poisson(goals: int, mean: float) -> float:
    return math.exp(goals * math.log(mean) - mean - math.lgamma(goals + 1))
