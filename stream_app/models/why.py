"""Reasons: what moved a forecast away from the base rate, in words."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from stream_app.events import OUTCOMES, Outcome, Reason
from stream_app.models.inputs import UPSTREAM_PREFIX, known
from stream_app.models.market import MARKET
from stream_app.models.softmax import Logits, Triple, log_ratios, softmax

MOST_REASONS = 3
SMALLEST_SHIFT = 0.005
"""Half a percentage point: what moves a forecast less is not worth a word."""

STRENGTHS = "strengths"
"""Stands for everything that follows from the attacks and defences of both sides."""

STANDS_FOR: Mapping[str, str] = {
    "kalman_log_hd": STRENGTHS,
    "kalman_log_ad": STRENGTHS,
    "kalman_log_rate_ratio": STRENGTHS,
    "kalman": STRENGTHS,
    "poisson_log_rate_ratio": STRENGTHS,
    "poisson": STRENGTHS,
    "naive_bayes": STRENGTHS,
}
"""Inputs and experts that say the same thing in several ways; a reason names them together."""

_WORDS: Mapping[Outcome, str] = {"H": "a home win", "D": "a draw", "A": "an away win"}


class Pushes:
    """How much each input pushes a forecast, as what it adds to the log ratios of H and of A to D."""

    def __init__(self) -> None:
        self.by_input: dict[str, Logits] = {}

    def add(self, name: str, weight: float, logits: Logits, without: Logits = (0.0, 0.0)) -> None:
        """Count in that `name` moves the log ratios from `without` to `logits`, with this weight in the forecast."""
        name = STANDS_FOR.get(name, name)
        home, away = self.by_input.get(name, (0.0, 0.0))
        self.by_input[name] = (
            home + weight * (logits[0] - without[0]),
            away + weight * (logits[1] - without[1]),
        )


def reasons(pushes: Pushes, base: Triple, forecast: Triple, x: Mapping[str, float]) -> tuple[Reason, ...]:
    """The few inputs that moved `forecast` most, the largest shift first.

    A push on the log ratios becomes a shift of the likeliest outcome's probability by the slope of the softmax half way
    between the base rate and the forecast.
    """
    place = max(range(len(OUTCOMES)), key=forecast.__getitem__)
    outcome = OUTCOMES[place]
    start, end = log_ratios(base), log_ratios(forecast)
    half_way = softmax(((start[0] + end[0]) / 2.0, (start[1] + end[1]) / 2.0))
    shifts = {
        name: half_way[place] * ((home, 0.0, away)[place] - half_way[0] * home - half_way[2] * away)
        for name, (home, away) in pushes.by_input.items()
    }
    named = [name for name, shift in shifts.items() if abs(shift) >= SMALLEST_SHIFT and _subject(name, x)]
    named.sort(key=lambda name: -abs(shifts[name]))
    return tuple(_reason(name, outcome, shifts[name], x) for name in named[:MOST_REASONS])


def _reason(name: str, outcome: Outcome, shift: float, x: Mapping[str, float]) -> Reason:
    likelier = "more" if shift > 0.0 else "less"
    text = f"{_subject(name, x)}: {_WORDS[outcome]} {abs(shift) * 100.0:.1f} points {likelier} likely"
    return Reason(name, outcome, shift, text)


def _subject(name: str, x: Mapping[str, float]) -> str:
    """What an input says of the match; empty for one that a person has no use for, or that says nothing."""
    if name.startswith(UPSTREAM_PREFIX):
        return f"{name.removeprefix(UPSTREAM_PREFIX)} = {x[name]:g}"
    values = [known(x, read) for read in _READS.get(name, ())]
    if not values or any(map(math.isnan, values)):
        return ""
    return _PHRASES[name](*values)


def _expected(log_home: float, log_away: float) -> str:
    return f"attacks and defences: {math.exp(log_home):.1f} to {math.exp(log_away):.1f} goals expected"


def _goals(log_home: float, log_away: float) -> str:
    return f"{math.exp(log_home) + math.exp(log_away):.1f} goals expected in all"


def _odds(log_hd: float, log_ad: float) -> str:
    home, draw, away = softmax((log_hd, log_ad))
    return f"bookmakers' odds: {home:.0%} home, {draw:.0%} draw, {away:.0%} away"


_RATES = ("kalman_log_home_rate", "kalman_log_away_rate")

_READS: Mapping[str, tuple[str, ...]] = {
    "elo_difference": ("elo_difference",),
    "pi_difference": ("pi_difference",),
    STRENGTHS: _RATES,
    "kalman_log_rate_sum": _RATES,
    "neutral": ("neutral",),
    "friendly": ("friendly",),
    MARKET: (f"{MARKET}_log_hd", f"{MARKET}_log_ad"),
}
"""The inputs that the words for each reason are made of."""

_PHRASES: Mapping[str, Callable[..., str]] = {
    "elo_difference": "Elo ratings, with home advantage: {:+.0f} points for the home side".format,
    "pi_difference": "pi-ratings: {:+.1f} goals for the home side".format,
    STRENGTHS: _expected,
    "kalman_log_rate_sum": _goals,
    "neutral": lambda neutral: "neutral ground" if neutral else "home ground",
    "friendly": lambda friendly: "a friendly" if friendly else "a competitive match",
    MARKET: _odds,
}
