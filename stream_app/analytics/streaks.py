"""Runs of matches of which the same is true, and how unusual they are by the forecasts made for these very matches.

Chances are kept as whole thousandths, and logarithms of chances as whole thousandths of a nat: a team then takes few
bytes, and sums are exact.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import get_args

from stream_app.analytics.numbers import short
from stream_app.events import OutcomeStreak, Streak, TeamStreak

TEAM_STREAKS: tuple[TeamStreak, ...] = get_args(TeamStreak)
OUTCOME_STREAKS: tuple[OutcomeStreak, ...] = get_args(OutcomeStreak)

_UNITS = 1_000
_LEAST = 1e-6


class Streaks:
    """The streaks of one team, or of the outcomes of a competition: one for each of `kinds`."""

    __slots__ = ("current", "expected", "foretold", "kinds", "longest", "matches", "surprise")

    def __init__(self, kinds: tuple[TeamStreak, ...] | tuple[OutcomeStreak, ...]) -> None:
        self.kinds = kinds
        self.matches = 0
        self.foretold = 0
        """Matches with a forecast."""
        self.current = [0] * len(kinds)
        self.longest = [0] * len(kinds)
        self.surprise = [0] * len(kinds)
        """Of the current runs: minus the logarithm of the chance that all of it came so, in thousandths of a nat."""
        self.expected = [0] * len(kinds)
        """Sums of the chances of all matches, in thousandths."""

    def learn(self, facts: Sequence[bool], chances: Sequence[float] | None) -> None:
        """Learn what is true of the next match, and how likely each was; a match without forecasts surprises nobody."""
        self.matches += 1
        self.foretold += chances is not None
        for at, fact in enumerate(facts):
            if chances is not None:
                self.expected[at] += round(chances[at] * _UNITS)
            if not fact:
                self.current[at] = self.surprise[at] = 0
                continue
            self.current[at] += 1
            self.longest[at] = max(self.longest[at], self.current[at])
            if chances is not None:
                self.surprise[at] -= round(math.log(max(chances[at], _LEAST)) * _UNITS)

    def figures(self) -> tuple[Streak, ...]:
        """All streaks as they stand."""
        lines = zip(self.kinds, self.current, self.surprise, self.longest, self.expected, strict=True)
        return _figures(self.matches, self.foretold, tuple(lines))


_Line = tuple[TeamStreak | OutcomeStreak, int, int, int, int]


@lru_cache(maxsize=4_096)
def _figures(matches: int, foretold: int, lines: tuple[_Line, ...]) -> tuple[Streak, ...]:
    """One streak for each line of kind, current run, its surprise, longest run and sum of chances."""
    streaks = []
    for kind, current, surprise, longest, expected in lines:
        of_current, of_longest = math.exp(-surprise / _UNITS), 1.0
        if foretold:
            of_longest = min(chance_of_run(longest, matches, min(expected / foretold / _UNITS, 1.0)), 1.0)
        streaks.append(Streak(kind, current, short(of_current), longest, short(of_longest)))
    return tuple(streaks)


def chance_of_run(length: int, matches: int, chance: float) -> float:
    """Probability that a run of at least `length` comes in `matches`, each going that way with `chance`.

    Exact when no two such runs fit into the matches. When more do they come nearly as a Poisson process: Arratia, R.,
    Goldstein, L. and Gordon, L. (1990), 'Poisson approximation and the Chen-Stein method', Statistical Science 5(4),
    403-424, section 4.
    """
    if length == 0:
        return 1.0
    if length > matches:
        return 0.0
    # The first place has no match before it that must have gone the other way.
    begun = chance**length * (1.0 + (matches - length) * (1.0 - chance))
    return begun if matches <= 2 * length else -math.expm1(-begun)
