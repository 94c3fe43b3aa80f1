"""Reading a model's inputs: one flat dictionary of numbers, of which any may be missing or make no sense."""

from __future__ import annotations

import math
from collections.abc import Mapping

from stream_app.events import Outcome
from stream_app.models.softmax import Logits, Triple

PLACES: Mapping[Outcome, int] = {"H": 0, "D": 1, "A": 2}
"""Where each outcome stands in a triple of probabilities."""

LARGEST = 25.0
LARGEST_ELO = 4_000.0
"""What no rating input can exceed: log ratios, log rates and goals; points of Elo. A number beyond is a mistake."""

UPSTREAM_PREFIX = "x:"
"""Begins the name of every number from upstream, so that none can pose as a rating."""

ABSURD = 1e12
"""A number from upstream, of whatever unit, that is as large as this is a mistake."""


def known(x: Mapping[str, float], name: str) -> float:
    """The input called `name`, or not-a-number where it is missing or cannot be."""
    value = x.get(name, math.nan)
    # Nearly every number is within the smallest of the limits, whatever its name is.
    if -LARGEST <= value <= LARGEST:
        return value
    largest = ABSURD if name.startswith(UPSTREAM_PREFIX) else LARGEST_ELO if name == "elo_difference" else LARGEST
    # The comparison is false for a value that is not a number.
    return value if -largest <= value <= largest else math.nan


def known_ones(x: Mapping[str, float], names: tuple[str, ...]) -> dict[str, float]:
    """The inputs of these names that are there and can be."""
    values = ((name, known(x, name)) for name in names)
    return {name: value for name, value in values if not math.isnan(value)}


def pair(x: Mapping[str, float], prefix: str) -> Logits | None:
    """The log ratios of H and A to D that `x` has under `prefix`; None unless both are known."""
    home, away = known(x, f"{prefix}_log_hd"), known(x, f"{prefix}_log_ad")
    return None if math.isnan(home) or math.isnan(away) else (home, away)


def hit(outcome: Outcome) -> Triple:
    """1 for `outcome` and 0 for the others."""
    return float(outcome == "H"), float(outcome == "D"), float(outcome == "A")
