"""A model that is watched over matches made up for the purpose."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import count

import numpy as np

from stream_app.evaluation.alarm import Change
from stream_app.evaluation.rolling import Standing, marks_of
from stream_app.evaluation.watch import Watch
from stream_app.events import OUTCOMES, LeagueConfig, Outcome, Probabilities
from stream_app.league.fixture import Given
from stream_app.league.member import score

Match = tuple[Probabilities, Outcome]


class Watched:
    """Takes matches, and tells every change with the number of the match before it."""

    def __init__(self, config: LeagueConfig) -> None:
        self.config = config
        self.watch = Watch()
        self.standing = Standing(config.window)
        self.numbers = count(1)

    def take(self, matches: Iterable[Match]) -> list[tuple[int, Change]]:
        changes = []
        for (forecast, outcome), number in zip(matches, self.numbers, strict=False):
            marks = marks_of(score(Given("m", 1, "champion", forecast), outcome))
            self.standing.change(str(number), None, marks)
            self.watch.add(forecast, outcome, self.config)
            changes += [(number, change) for change in self.watch.look(self.standing, self.config)]
        return changes


def matches(
    number: int, seed: int, *, sharpened: float = 1.0, shift: tuple[float, float, float] = (1.0, 1.0, 1.0)
) -> list[Match]:
    """Outcomes that are drawn from what is true; said is that with its log odds `sharpened`.

    What is true has the odds of H, D and A multiplied by `shift` against what was said.
    """
    random = np.random.default_rng(seed)
    made: list[Match] = []
    for p in random.dirichlet((7.0, 3.5, 3.0), number):
        said = p**sharpened / (p**sharpened).sum()
        true = p * shift / (p * shift).sum()
        made.append((Probabilities(*map(float, said)), OUTCOMES[random.choice(3, p=true)]))
    return made
