"""Made-up sequences of outcomes with probabilities of their own, fair and with planted defects."""

from __future__ import annotations

import random
from collections.abc import Callable

from stream_app.analytics.observed import Triple

Draw = Callable[[random.Random, Triple, list[int], int], int]
"""The next outcome as its place in H, D, A, from its probabilities, what came before, and its number."""

COPIED_FROM = 500


def probabilities(rng: random.Random) -> Triple:
    """Of a match as leagues have them: mean 45, 26 and 29 %, spread as a good model spreads them."""
    home = rng.betavariate(6.0, 7.3)
    draw = min(rng.gauss(0.47, 0.04), 0.9) * (1.0 - home)
    return home, draw, 1.0 - home - draw


def fair(rng: random.Random, chances: Triple, past: list[int], number: int) -> int:
    """Drawn as foretold."""
    drawn = rng.random()
    return 0 if drawn < chances[0] else 1 if drawn < chances[0] + chances[1] else 2


def alternating(bias: float) -> Draw:
    """An outcome comes again right after itself less often than foretold, by `bias` in probability."""

    def draw(rng: random.Random, chances: Triple, past: list[int], number: int) -> int:
        if not past:
            return fair(rng, chances, past, number)
        last = past[-1]
        less = min(bias, chances[last])
        home, draw, away = (
            chance - less if place == last else chance * (1.0 + less / (1.0 - chances[last]))
            for place, chance in enumerate(chances)
        )
        return fair(rng, (home, draw, away), past, number)

    return draw


def home_heavy(bias: float) -> Draw:
    """Home wins come more often than foretold, by `bias` in probability."""

    def draw(rng: random.Random, chances: Triple, past: list[int], number: int) -> int:
        home = min(chances[0] + bias, 0.99)
        rest = (1.0 - home) / (1.0 - chances[0])
        return fair(rng, (home, chances[1] * rest, chances[2] * rest), past, number)

    return draw


def periodic(period: int) -> Draw:
    """Everything comes again after `period` matches."""

    def draw(rng: random.Random, chances: Triple, past: list[int], number: int) -> int:
        return past[-period] if len(past) >= period else fair(rng, chances, past, number)

    return draw


def repeating(block: int, every: int) -> Draw:
    """Of every so many matches the first `block` are a copy of a place somewhere in the last 500."""
    source = [0]

    def draw(rng: random.Random, chances: Triple, past: list[int], number: int) -> int:
        at = number % every
        if at >= block or len(past) < 2 * block:
            return fair(rng, chances, past, number)
        if at == 0:
            source[0] = rng.randrange(max(0, len(past) - COPIED_FROM), len(past) - block + 1)
        return past[source[0] + at]

    return draw


def after(start: int, defect: Draw) -> Draw:
    """Fair before the match of number `start`, and with the defect from there on."""

    def draw(rng: random.Random, chances: Triple, past: list[int], number: int) -> int:
        return (fair if number < start else defect)(rng, chances, past, number)

    return draw
