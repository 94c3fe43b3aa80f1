"""What the results of a competition say besides the forecasts: streaks, transitions, and whether chance made them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

TeamStreak = Literal["winning", "unbeaten", "losing", "drawing", "scoring", "clean_sheet"]
OutcomeStreak = Literal["home_win", "draw", "away_win"]

Verdict = Literal["consistent with chance", "suspicious", "not random"]
"""Whether a sequence of outcomes can be independent draws from the champion's probabilities."""


@dataclass(frozen=True, slots=True)
class Streak:
    """Matches in a row of which the same is true.

    Attributes
    ----------
    kind
        What is true of them.
    current
        Length of the run that the last match belongs to; 0 when it does not.
    current_chance
        Probability of just these matches going that way, by the forecasts made for them. 1 when there is no run.
    longest
        Length of the longest run so far.
    longest_chance
        Probability that as many matches bring a run at least as long, by the mean of the forecasts made for them.
    """

    kind: TeamStreak | OutcomeStreak
    current: int
    current_chance: float
    longest: int
    longest_chance: float


@dataclass(frozen=True, slots=True)
class TeamAnalytics:
    """A team's matches so far, its Elo rating in points around 0, and its streaks."""

    team: str
    matches: int
    rating: float
    streaks: tuple[Streak, ...]


@dataclass(frozen=True, slots=True)
class Transitions:
    """How often each outcome followed each other one.

    Attributes
    ----------
    n
        Pairs of successive outcomes.
    counts
        Three rows, one an outcome that came first (H, D, A), of three numbers, one an outcome that came next.
    probabilities
        The same as shares of each row, drawn towards the shares of all rows together where a row has few.
    p_value
        Of the hypothesis that the next outcome does not depend on the one before, looked at once; 1 when there is too
        little to tell.
    """

    n: int
    counts: tuple[tuple[int, int, int], ...]
    probabilities: tuple[tuple[float, float, float], ...]
    p_value: float


@dataclass(frozen=True, slots=True)
class PairingTransitions:
    """The transitions of all meetings of `home` and `away` on the ground of `home`.

    `adjusted` is the p-value after as many pairings were looked at as are shown.
    """

    home: str
    away: str
    transitions: Transitions
    adjusted: float


@dataclass(frozen=True, slots=True)
class RandomnessTest:
    """One way in which a sequence of outcomes may differ from independent draws.

    Attributes
    ----------
    name
        `frequencies`, `runs`, `lag 1` to `lag 5`, `repetition`, `scores` or `score pairs`.
    n
        Matches (for `scores` and `score pairs`: goal counts) that it rests on.
    statistic, degrees
        The usual statistic and its degrees of freedom; of the normal distribution where `degrees` is 0.
    once
        Its p-value for somebody who looks once, after a number of matches that was fixed beforehand.
    evidence
        What 1 is now worth that was bet against chance (an e-value).
    p_value
        Of the same hypothesis for somebody who looks after every match.
    """

    name: str
    n: int
    statistic: float
    degrees: int
    once: float
    evidence: float
    p_value: float


@dataclass(frozen=True, slots=True)
class Randomness:
    """The tests together.

    Attributes
    ----------
    verdict
        What `p_value` says.
    n
        Matches that it rests on: those that the champion had foretold.
    evidence
        The mean of the tests' evidence.
    p_value
        Valid after every match, and for all tests together.
    """

    verdict: Verdict
    n: int
    evidence: float
    p_value: float
    tests: tuple[RandomnessTest, ...]


@dataclass(frozen=True, slots=True)
class Analytics:
    """The analytics of a competition; the last message of a key is the one that holds.

    Attributes
    ----------
    as_of
        Latest event time that counts in it.
    matches
        Results that have been learned. Each counts as it was first learned: later corrections change nothing here.
    streaks
        Of the outcomes of the competition, whoever plays.
    teams
        Those that played last, the best rated first.
    transitions
        Of successive outcomes in the order in which they were learned.
    pairings
        Those with the longest history.
    """

    competition: str
    as_of: datetime | None
    matches: int
    randomness: Randomness
    streaks: tuple[Streak, ...]
    teams: tuple[TeamAnalytics, ...]
    transitions: Transitions
    pairings: tuple[PairingTransitions, ...]
