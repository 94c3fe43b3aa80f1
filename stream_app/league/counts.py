"""How often the events of a competition had less than their usual effect."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Counts:
    """How often events had less than their usual effect.

    Attributes
    ----------
    unpredicted
        Results that taught the ratings but had no prediction to score.
    late
        Predictions for matches that already had a result.
    duplicate, stale, too_old
        Messages that changed nothing: heard before; older than what is known; about a match so long past that it may
        have been forgotten.
    """

    unpredicted: int = 0
    late: int = 0
    duplicate: int = 0
    stale: int = 0
    too_old: int = 0
