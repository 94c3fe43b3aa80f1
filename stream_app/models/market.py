"""The market: bookmakers' odds as probabilities, and an expert that corrects them a little."""

from __future__ import annotations

import math
from collections.abc import Mapping

from stream_app.events import OUTCOMES, Outcome, Probabilities
from stream_app.models.contract import guarded
from stream_app.models.inputs import hit, pair
from stream_app.models.softmax import HeadBank, Logits, Triple, softmax

MARKET = "market"
"""Begins the names of the market's log ratios among a model's inputs."""

OddsNames = tuple[str, str, str]
"""Names under which the odds of home win, draw and away win come together."""

ODDS: tuple[OddsNames, ...] = (
    ("odds_home", "odds_draw", "odds_away"),
    ("AvgH", "AvgD", "AvgA"),
    ("B365H", "B365D", "B365A"),
)
"""Odds that are recognised by default. The last two are football-data.co.uk's columns for the average of the market and
for one bookmaker, both before kickoff."""

LONGEST_ODDS = 10_000.0
SMALLEST_BOOK, LARGEST_BOOK = 0.9, 1.6
"""Sums of inverse odds between which three odds can be those of one match."""

BIAS_VARIANCE = 0.001
WEIGHT_VARIANCE = 0.01
FORGET = 0.9998
"""Measured on leagues with odds: the head may move only a little away from them."""

_NEWTON_STEPS = 8


def market_probabilities(home: float, draw: float, away: float) -> Triple | None:
    """What decimal odds say, without the bookmaker's margin; None if these cannot be odds of one match.

    The margin is taken out by the power method of Clarke, S., Kovalchik, S. and Ingram, M. (2017), 'Adjusting
    bookmaker's odds to allow for overround', American Journal of Sports Science 5(6), 45-49: the inverse odds are
    raised to the one power at which they sum to 1. Unlike a division by their sum, this undoes the bookmakers' habit
    of giving outsiders the worst price.
    """
    if not all(1.0 < odds < LONGEST_ODDS for odds in (home, draw, away)):
        return None
    logs = [-math.log(odds) for odds in (home, draw, away)]
    if not SMALLEST_BOOK < sum(map(math.exp, logs)) < LARGEST_BOOK:
        return None
    power = 1.0
    for _ in range(_NEWTON_STEPS):
        # The sum falls with the power, and ever more slowly, so Newton's method is safe from any start.
        terms = [math.exp(power * log) for log in logs]
        power -= (sum(terms) - 1.0) / sum(term * log for term, log in zip(terms, logs, strict=True))
    terms = [math.exp(power * log) for log in logs]
    total = sum(terms)
    return terms[0] / total, terms[1] / total, terms[2] / total


def market_inputs(usable: Mapping[str, float], odds: tuple[OddsNames, ...]) -> dict[str, float]:
    """The market's log ratios of home win and away win to draw, from the first odds that are complete; else nothing."""
    for names in odds:
        if all(name in usable for name in names):
            market = market_probabilities(*(usable[name] for name in names))
            if market is not None:
                home, draw, away = market
                return {f"{MARKET}_log_hd": math.log(home / draw), f"{MARKET}_log_ad": math.log(away / draw)}
    return {}


def market_forecast(x: Mapping[str, float]) -> Probabilities | None:
    """The market's own probabilities of a match with these inputs; None for a match without usable odds."""
    logits = pair(x, MARKET)
    return None if logits is None else guarded(dict(zip(OUTCOMES, softmax(logits), strict=True)))


class MarketExpert:
    """A Kalman softmax head around the odds, which also hears where form disagrees with them.

    It has nothing to say on a match without odds.
    """

    def __init__(self) -> None:
        self.head = HeadBank([[BIAS_VARIANCE, *[WEIGHT_VARIANCE] * 3]], [FORGET])

    def logits(self, x: Mapping[str, float], form: Logits) -> Logits | None:
        """What it says, as log ratios; `form` is what the experts on form say."""
        market = pair(x, MARKET)
        if market is None:
            return None
        ((home, away),) = self.head.logits(_inputs(market, form))
        return home + market[0], away + market[1]

    def learn(self, x: Mapping[str, float], form: Logits, forecast: Triple, outcome: Outcome) -> None:
        """Learn how a match with odds ended of which it had said `forecast`."""
        market = pair(x, MARKET)
        if market is not None:
            self.head.learn(_inputs(market, form), [forecast], hit(outcome))


def _inputs(market: Logits, form: Logits) -> tuple[float, float, float, float]:
    disagreement = ((form[0] - form[1]) - (market[0] - market[1])) / 2.0
    return 1.0, market[0], market[1], disagreement
