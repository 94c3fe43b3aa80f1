"""What feeds send: features of matches, and results."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Importance = Literal["competitive", "friendly"]
ResultStatus = Literal["final", "corrected", "postponed", "abandoned"]


@dataclass(frozen=True, slots=True)
class Features:
    """What is known of a match before kickoff. A later `as_of` supersedes an earlier one."""

    match_id: str
    competition: str
    season: str
    kickoff: datetime
    as_of: datetime
    home: str
    away: str
    neutral: bool = False
    importance: Importance = "competitive"
    features: Mapping[str, float] | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """How a match ended, or why it did not. Goals are there exactly when the status is final or corrected."""

    match_id: str
    competition: str
    season: str
    kickoff: datetime
    finished_at: datetime
    home: str
    away: str
    status: ResultStatus
    home_goals: int | None = None
    away_goals: int | None = None
    neutral: bool = False
    importance: Importance = "competitive"
