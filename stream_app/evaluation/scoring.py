"""How good a forecast of one match was, once the outcome is known."""

from __future__ import annotations

import math

from stream_app.events import OUTCOMES, Outcome, Probabilities


def log_loss(probabilities: Probabilities, outcome: Outcome) -> float:
    """The ignorance score `-ln p(outcome)`, in nats: 0 is perfect, ln 3 = 1.0986 knows nothing.

    Source: I. J. Good, "Rational Decisions", Journal of the Royal Statistical Society B 14 (1952), 107-114.
    """
    return -math.log(probabilities.of(outcome))


def rps(probabilities: Probabilities, outcome: Outcome) -> float:
    """The ranked probability score on the order home < draw < away: 0 is perfect, 1 the worst.

    `1/2 * sum over k = 1, 2 of (sum over i <= k of (p_i - o_i))^2`: a forecast of a home win that ends in a draw is
    less wrong than one that ends in an away win.

    Source: E. S. Epstein, "A Scoring System for Probability Forecasts of Ranked Categories", Journal of Applied
    Meteorology 8 (1969), 985-987; for football, A. C. Constantinou and N. E. Fenton, "Solving the Problem of
    Inadequate Scoring Rules for Assessing Probabilistic Football Forecast Models", JQAS 8 (2012).
    """
    home = probabilities.H - (outcome == "H")
    # Up to the draw the cumulative forecast lacks the away win alone.
    home_or_draw = (outcome == "A") - probabilities.A
    return 0.5 * (home * home + home_or_draw * home_or_draw)


def brier(probabilities: Probabilities, outcome: Outcome) -> float:
    """The Brier score `sum over outcomes of (p - o)^2`: 0 is perfect, 2 the worst.

    Source: G. W. Brier, "Verification of Forecasts Expressed in Terms of Probability", Monthly Weather Review 78
    (1950), 1-3.
    """
    home = probabilities.H - (outcome == "H")
    draw = probabilities.D - (outcome == "D")
    away = probabilities.A - (outcome == "A")
    return home * home + draw * draw + away * away


def likeliest(probabilities: Probabilities) -> Outcome:
    """The outcome with the largest probability; of equal ones the first of H, D, A."""
    return max(OUTCOMES, key=probabilities.of)
