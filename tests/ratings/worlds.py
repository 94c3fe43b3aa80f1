"""Made-up competitions whose true strengths are known, for tests of ratings and models."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from stream_app.ratings import Match

START = datetime(1990, 8, 11, 13, 30, tzinfo=UTC)

Played = tuple[Match, int, int]


@dataclass(frozen=True, slots=True)
class World:
    """Teams whose strengths say how many goals they score: exp(0.3 + home 0.15 + own strength - other's strength)."""

    strengths: dict[str, float]
    seed: int

    def goals(self, rng: random.Random, match: Match) -> tuple[int, int]:
        side = 0.0 if match.neutral else 0.15
        lead = self.strengths[match.home] - self.strengths[match.away]
        return poisson(rng, math.exp(0.2 + side + lead)), poisson(rng, math.exp(0.2 - side - lead))


def poisson(rng: random.Random, rate: float) -> int:
    limit, goals, product = math.exp(-rate), 0, rng.random()
    while product > limit:
        goals += 1
        product *= rng.random()
    return goals


def league(seasons: int, teams: int = 10, seed: int = 1) -> Iterator[Played]:
    """Home and away matches of `teams` a season, the weakest team of each replaced by a promoted one."""
    rng = random.Random(seed)
    names = [f"Team {number}" for number in range(teams)]
    world = World({f"Team {number}": rng.gauss(0.0, 0.3) for number in range(teams + seasons)}, seed)
    for season in range(seasons):
        fixtures = [(home, away) for home in names for away in names if home != away]
        rng.shuffle(fixtures)
        for number, (home, away) in enumerate(fixtures):
            kickoff = START + timedelta(days=365 * season + number * 2)
            match = Match(f"{1990 + season}", kickoff, home, away)
            yield match, *world.goals(rng, match)
        weakest = min(names, key=world.strengths.__getitem__)
        names[names.index(weakest)] = f"Team {teams + season}"


def nations(matches: int, teams: int = 60, seed: int = 1) -> Iterator[Played]:
    """Matches between teams that meet now and then, some on neutral ground, some friendlies."""
    rng = random.Random(seed)
    names = [f"Nation {number}" for number in range(teams)]
    world = World({name: rng.gauss(0.0, 0.5) for name in names}, seed)
    for number in range(matches):
        home, away = rng.sample(names, 2)
        kickoff = START + timedelta(days=number * 1.5)
        match = Match("", kickoff, home, away, neutral=rng.random() < 0.3, friendly=rng.random() < 0.4)
        yield match, *world.goals(rng, match)
