"""Reading a model's inputs: one flat dictionary of numbers, of which any may be missing or not finite."""

from __future__ import annotations

import math
from collections.abc import Mapping

from stream_app.events import Outcome
from stream_app.models.softmax import Logits, Triple

PLACES: Mapping[Outcome, int] = {"H": 0, "D": 1, "A": 2}
"""Where each outcome stands in a triple of probabilities."""


def finite(x: Mapping[str, float], name: str) -> float:
    """The number called `name`, or not-a-number where it is missing or not finite."""
    value = x.get(name, math.nan)
    return value if math.isfinite(value) else math.nan


def pair(x: Mapping[str, float], prefix: str) -> Logits | None:
    """The log ratios of H and A to D that `x` has under `prefix`; None unless both are there and finite."""
    home, away = finite(x, f"{prefix}_log_hd"), finite(x, f"{prefix}_log_ad")
    return None if math.isnan(home) or math.isnan(away) else (home, away)


def hit(outcome: Outcome) -> Triple:
    """1 for `outcome` and 0 for the others."""
    return float(outcome == "H"), float(outcome == "D"), float(outcome == "A")
