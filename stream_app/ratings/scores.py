"""From the rates at which two sides score to the probabilities of results.

Goals are Poisson with the low-score correction of Dixon, M. J. and Coles, S. G. (1997), 'Modelling association
football scores and inefficiencies in the football betting market', Applied Statistics 46(2), 265-280, section 4.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

MOST_GOALS = 10
"""Goals of one side up to which scores are summed; what lies beyond is spread over the rest in proportion."""

HIGHEST_LOG_RATE, LOWEST_LOG_RATE = 2.0, -4.0
"""Logarithms of the largest and the smallest rate that any side is given: 7.4 and 0.02 goals."""

LARGEST_STRENGTH = 3.0
"""Log-goals by which an attack or a defence can differ from the average one at most: twenty times as good or bad."""

RHO_STEP = 0.002
RHO_LOWEST, RHO_HIGHEST = -0.25, 0.1
"""The low-score term moves by this step of its gradient and stays between these limits; measured on two leagues."""

LIKELIEST = 5
"""Scores that a score sheet names."""

_LEAST_FACTOR = 0.05
_LOW_SCORES = ((0, 0, -1.0), (0, 1, 1.0), (1, 0, 1.0), (1, 1, -1.0))
"""Scores that the low-score term moves, and in which direction a positive one does."""
_THREE_POINTS = ((-math.sqrt(3.0), 1.0 / 6.0), (0.0, 2.0 / 3.0), (math.sqrt(3.0), 1.0 / 6.0))
"""Nodes and weights of the Gauss-Hermite rule for the mean over a standard normal."""


def low_score_factor(home_goals: int, away_goals: int, home_rate: float, away_rate: float, rho: float) -> float:
    """Dixon and Coles' tau: how much more often a score comes than two independent Poisson counts would have it."""
    if home_goals > 1 or away_goals > 1:
        return 1.0
    if home_goals == 0:
        return 1.0 - home_rate * away_rate * rho if away_goals == 0 else 1.0 + home_rate * rho
    return 1.0 + away_rate * rho if away_goals == 0 else 1.0 - rho


def learned_rho(home_goals: int, away_goals: int, home_rate: float, away_rate: float, rho: float) -> float:
    """`rho` after one gradient step on the logarithm of tau."""
    if home_goals > 1 or away_goals > 1:
        return rho
    if home_goals == 0:
        slope = -home_rate * away_rate if away_goals == 0 else home_rate
    else:
        slope = away_rate if away_goals == 0 else -1.0
    factor = max(low_score_factor(home_goals, away_goals, home_rate, away_rate, rho), _LEAST_FACTOR)
    return min(max(rho + RHO_STEP * slope / factor, RHO_LOWEST), RHO_HIGHEST)


def bounded_log_rate(log_rate: float) -> float:
    """`log_rate`, or the nearest one that a side can have."""
    return min(max(log_rate, LOWEST_LOG_RATE), HIGHEST_LOG_RATE)


def bounded_strength(strength: float) -> float:
    """`strength`, or the nearest one that a team can have."""
    return min(max(strength, -LARGEST_STRENGTH), LARGEST_STRENGTH)


def goal_probabilities(log_rate: float, spread: float = 0.0) -> list[float]:
    """Poisson probabilities of 0 to `MOST_GOALS` goals, not normalised.

    A positive `spread` is the standard deviation of a normal distribution of the rate's logarithm, over which the
    probabilities are averaged with a three-point Gauss-Hermite rule.
    """
    if spread == 0.0:
        return _poisson(math.exp(log_rate))
    low, middle, high = (
        (_poisson(math.exp(bounded_log_rate(log_rate + place * spread))), weight) for place, weight in _THREE_POINTS
    )
    return [
        low[1] * few + middle[1] * some + high[1] * many
        for few, some, many in zip(low[0], middle[0], high[0], strict=True)
    ]


def _poisson(rate: float) -> list[float]:
    probability = math.exp(-rate)
    probabilities = [probability]
    for goals in range(1, MOST_GOALS + 1):
        probability *= rate / goals
        probabilities.append(probability)
    return probabilities


def outcome_probabilities(home: list[float], away: list[float], rho: float) -> tuple[float, float, float]:
    """Probabilities of H, D and A from the `goal_probabilities` of both sides."""
    home_wins = draws = away_wins = 0.0
    fewer_home = fewer_away = 0.0
    for mine, theirs in zip(home, away, strict=True):
        draws += mine * theirs
        home_wins += mine * fewer_away
        away_wins += theirs * fewer_home
        fewer_home += mine
        fewer_away += theirs
    moved = _moved(home, away, rho)
    home_wins, draws, away_wins = home_wins + moved, draws - 2.0 * moved, away_wins + moved
    total = home_wins + draws + away_wins
    return home_wins / total, draws / total, away_wins / total


def _moved(home: list[float], away: list[float], rho: float) -> float:
    """What Dixon and Coles take from each of 0-0 and 1-1 and give to each of 1-0 and 0-1.

    Tau times its Poisson probability differs from the latter by rho times the probability of 1-1 in all four scores.
    """
    return rho * home[1] * away[1]


@dataclass(frozen=True, slots=True)
class LikelyScore:
    """A final score and its probability."""

    home_goals: int
    away_goals: int
    probability: float


@dataclass(frozen=True, slots=True)
class ScoreSheet:
    """What the Kalman filter expects of the goals of a match.

    Attributes
    ----------
    home_goals, away_goals
        Expected goals of each side.
    home_wins, draws, away_wins
        Probabilities of the outcomes, summed from the same scores as everything else here.
    over_2_5
        Probability of three or more goals in the match.
    both_score
        Probability that both sides score.
    likeliest
        The likeliest final scores, best first; the fewer goals first where two are alike.
    """

    home_goals: float
    away_goals: float
    home_wins: float
    draws: float
    away_wins: float
    over_2_5: float
    both_score: float
    likeliest: tuple[LikelyScore, ...]


def score_sheet(inputs: Mapping[str, float]) -> ScoreSheet:
    """The score sheet of a match from its rating inputs (those whose names begin with `kalman_`)."""
    home = goal_probabilities(inputs["kalman_log_home_rate"], inputs["kalman_home_spread"])
    away = goal_probabilities(inputs["kalman_log_away_rate"], inputs["kalman_away_spread"])
    moved = _moved(home, away, inputs["kalman_rho"])
    # All but four scores are products, so that sums over them need not visit every score.
    low = {(mine, theirs): max(home[mine] * away[theirs] + sign * moved, 0.0) for mine, theirs, sign in _LOW_SCORES}
    more = {score: chance - home[score[0]] * away[score[1]] for score, chance in low.items()}
    all_home, all_away = sum(home), sum(away)
    total = all_home * all_away + sum(more.values())
    home_wins, draws, away_wins = more[1, 0], more[0, 0] + more[1, 1], more[0, 1]
    fewer_home = fewer_away = 0.0
    for mine, theirs in zip(home, away, strict=True):
        draws += mine * theirs
        home_wins += mine * fewer_away
        away_wins += theirs * fewer_home
        fewer_home += mine
        fewer_away += theirs
    home_goals = all_away * sum(goals * chance for goals, chance in enumerate(home)) + more[1, 0] + more[1, 1]
    away_goals = all_home * sum(goals * chance for goals, chance in enumerate(away)) + more[0, 1] + more[1, 1]
    up_to_two = sum(low.values()) + home[0] * away[2] + home[2] * away[0]
    one_fails = home[0] * all_away + all_home * away[0] - home[0] * away[0]
    both_score = all_home * all_away - one_fails + more[1, 1]
    return ScoreSheet(
        home_goals=home_goals / total,
        away_goals=away_goals / total,
        home_wins=home_wins / total,
        draws=draws / total,
        away_wins=away_wins / total,
        over_2_5=(total - up_to_two) / total,
        both_score=both_score / total,
        likeliest=tuple(
            LikelyScore(mine, theirs, chance / total) for chance, mine, theirs in _likeliest(home, away, low)
        ),
    )


def score_matrix(
    log_home_rate: float, log_away_rate: float, home_spread: float, away_spread: float, rho: float
) -> list[list[float]]:
    """Probability of every final score up to `MOST_GOALS` each: a row for each number of home goals.

    It is the distribution that `score_sheet` sums up, written out; it sums to 1.
    """
    home = goal_probabilities(log_home_rate, home_spread)
    away = goal_probabilities(log_away_rate, away_spread)
    moved = _moved(home, away, rho)
    matrix = [[mine * theirs for theirs in away] for mine in home]
    for mine, theirs, sign in _LOW_SCORES:
        matrix[mine][theirs] = max(matrix[mine][theirs] + sign * moved, 0.0)
    total = sum(map(sum, matrix))
    return [[chance / total for chance in row] for row in matrix]


def _likeliest(
    home: list[float], away: list[float], low: Mapping[tuple[int, int], float]
) -> list[tuple[float, int, int]]:
    """The likeliest scores with their probabilities, not normalised; `low` are those that are no products."""
    chances = dict(low)
    by_home = sorted(range(len(home)), key=lambda goals: -home[goals])
    by_away = sorted(range(len(away)), key=lambda goals: -away[goals])
    # Each product has at least (rank of its home goals) * (rank of its away goals) - 1 others above it, of which the
    # low-score term can have taken two down.
    for rank, mine in enumerate(by_home[: LIKELIEST + 2], start=1):
        for theirs in by_away[: (LIKELIEST + 2) // rank]:
            chances.setdefault((mine, theirs), home[mine] * away[theirs])
    cells = [(chance, mine, theirs) for (mine, theirs), chance in chances.items()]
    return sorted(cells, key=lambda cell: (-cell[0], cell[1] + cell[2], cell[1]))[:LIKELIEST]
