"""Studies of the evidence: equal models, a better challenger, and two real models on sixty years of football."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from statistics import NormalDist, fmean, stdev

import numpy as np
import numpy.typing as npt

from stream_app.events import Evaluation, LeagueConfig, Outcome, Probabilities
from stream_app.feeds.backtest import backtest
from stream_app.feeds.datasets import PlayedMatch
from stream_app.lifecycle.evidence import CLIP, SHARES, STAKES, difference
from stream_app.lifecycle.promotion import Contender, Trial, is_due, promotion
from stream_app.models.baselines import PRIOR_MATCHES

Floats = npt.NDArray[np.float64]

CONFIG = LeagueConfig()
COMMON_ERROR = 0.2
EQUAL_ERROR = 0.13
"""Error of a model's own with which two that are equally good differ by .11 nats a match, as real ones do."""

CHUNK = 50
"""Pairs that are simulated at a time, to hold the arrays in the processor's cache."""


def capital(differences: Floats) -> Floats:
    """The logarithm of the e-value after every match, for each row of differences."""
    logs = [
        math.log(share) + np.cumsum(np.log1p(stake * differences), axis=1)
        for stake, share in zip(STAKES, SHARES, strict=True)
    ]
    total: Floats = np.logaddexp.reduce(logs, axis=0)
    return total


@dataclass(frozen=True, slots=True)
class Pairs:
    """Simulated pairs of models, one a row: the differences of the clipped losses, and all losses as they are."""

    differences: Floats
    champion: Floats
    challenger: Floats
    base: Floats


def pairs(draws: np.random.Generator, rows: int, matches: int, champion_error: float, challenger_error: float) -> Pairs:
    """Matches of a league-like world, and two models that know the truth up to normal errors of their log ratios.

    Models of football know much the same, so most of the error is that of both, and these are each one's own on top.
    """
    strength = draws.normal(0.25, 0.75, size=(rows, matches))
    truth = np.stack([0.45 + strength, np.zeros_like(strength), -0.05 - strength], axis=2)
    shares = np.cumsum(_probabilities(truth), axis=2)
    place = (draws.random((rows, matches, 1)) > shares[..., :2]).sum(axis=2)[..., None]
    seen = truth + COMMON_ERROR * draws.normal(size=truth.shape)
    said = [
        _probabilities(seen + error * draws.normal(size=truth.shape) * [1.0, 0.0, 1.0])
        for error in (champion_error, challenger_error)
    ]
    champion, challenger = (-np.log(np.take_along_axis(p, place, axis=2)[..., 0]) for p in said)
    clipped = [np.maximum(p, CLIP) / np.maximum(p, CLIP).sum(axis=2, keepdims=True) for p in said]
    of_champion, of_challenger = (np.log(np.take_along_axis(p, place, axis=2)[..., 0]) for p in clipped)
    return Pairs(of_challenger - of_champion, champion, challenger, _base_losses(place[..., 0]))


def _probabilities(logits: Floats) -> Floats:
    weights: Floats = np.exp(logits)
    shares: Floats = weights / weights.sum(axis=2, keepdims=True)
    return shares


def _base_losses(places: npt.NDArray[np.int64]) -> Floats:
    """Losses of the running base rate."""
    prior = np.array(list(PRIOR_MATCHES.values()))
    came = places[..., None] == np.arange(3)
    before = np.cumsum(came, axis=1) - came + prior
    share = np.take_along_axis(before, places[..., None], axis=2)[..., 0] / before.sum(axis=2)
    losses: Floats = -np.log(share)
    return losses


@dataclass(frozen=True, slots=True)
class FalsePromotions:
    """Shares of the pairs of equal models of which one was ever found better, looked at after every match."""

    pairs: int
    matches: int
    by_evidence: float
    by_policy: float
    by_t_test: float


def equal_models(rows: int, matches: int, seed: int = 1) -> FalsePromotions:
    """How often a challenger that is exactly as good as the champion is found better."""
    draws = np.random.default_rng(seed)
    counts = np.zeros(3)
    for start in range(0, rows, CHUNK):
        made = pairs(draws, min(CHUNK, rows - start), matches, EQUAL_ERROR, EQUAL_ERROR)
        proven = capital(made.differences) >= -math.log(CONFIG.promote_alpha)
        ready = proven & _gains_enough(made)
        ready[:, : CONFIG.promote_matches - 1] = False
        counts += [proven.any(axis=1).sum(), ready.any(axis=1).sum(), _t_test(made.differences).any(axis=1).sum()]
    by_evidence, by_policy, by_t_test = (counts / rows).tolist()
    return FalsePromotions(rows, matches, by_evidence, by_policy, by_t_test)


def _gains_enough(made: Pairs) -> npt.NDArray[np.bool_]:
    champion, challenger, base = (np.cumsum(losses, axis=1) for losses in (made.champion, made.challenger, made.base))
    enough: npt.NDArray[np.bool_] = champion - challenger >= CONFIG.promote_gain * np.abs(base - champion)
    return enough


def _t_test(differences: Floats) -> npt.NDArray[np.bool_]:
    """A one-sided test at 5 % after every match from the thirtieth on, as if it were the only one."""
    n = np.arange(1, differences.shape[1] + 1)
    mean = np.cumsum(differences, axis=1) / n
    square = np.cumsum(differences**2, axis=1) / n
    with np.errstate(divide="ignore", invalid="ignore"):
        t = mean / np.sqrt((square - mean**2) / (n - 1))
    t[:, :29] = -np.inf
    significant: npt.NDArray[np.bool_] = t > NormalDist().inv_cdf(1 - CONFIG.promote_alpha)
    return significant


@dataclass(frozen=True, slots=True)
class Found:
    """After how many matches a challenger is found that is better by `gain` nats (their standard deviation beside it).

    `half` and `most`: matches by which 50 % and 80 % of the challengers are found (None: not within the matches made).
    `fixed_half` and `fixed_most`: what a test at the same level that looks only once, at a size that has to be known
    before, needs for the same power.
    """

    gain: float
    deviation: float
    half: int | None
    most: int | None
    fixed_half: int
    fixed_most: int


def better_challenger(rows: int, matches: int, champion_error: float, seed: int = 2) -> Found:
    """How soon a challenger is found that has no error of its own, while the champion has one."""
    draws = np.random.default_rng(seed)
    found, sums, squares = [], 0.0, 0.0
    for start in range(0, rows, CHUNK):
        made = pairs(draws, min(CHUNK, rows - start), matches, champion_error, 0.0)
        proven = capital(made.differences) >= -math.log(CONFIG.promote_alpha)
        found += np.where(proven.any(axis=1), proven.argmax(axis=1) + 1, matches + 1).tolist()
        sums += float(made.differences.sum())
        squares += float((made.differences**2).sum())
    n = rows * matches
    gain = sums / n
    deviation = math.sqrt(squares / n - gain * gain)
    quantiles = [int(np.quantile(found, share, method="inverted_cdf")) for share in (0.5, 0.8)]
    half, most = (quantile if quantile <= matches else None for quantile in quantiles)
    fixed_half, fixed_most = (_fixed_sample(gain, deviation, power) for power in (0.5, 0.8))
    return Found(gain, deviation, half, most, fixed_half, fixed_most)


def _fixed_sample(gain: float, deviation: float, power: float) -> int:
    normal = NormalDist()
    needed = normal.inv_cdf(1 - CONFIG.promote_alpha) + normal.inv_cdf(power)
    return math.ceil((needed * deviation / gain) ** 2)


@dataclass(frozen=True, slots=True)
class Promotion:
    """When a challenger was proposed on real matches, and what it is worth from there on.

    `worth` is the mean by which its log loss is lower in the matches after the proposal, with its standard error.
    """

    champion: str
    challenger: str
    matches: int
    at: datetime
    lower: float
    gain: float
    rest: int
    worth: float
    error: float


def real_promotion(evaluations: Sequence[Evaluation], champion: str, challenger: str) -> Promotion | None:
    """The proposal that the policy makes for these two on what a back-test told; None when it makes none."""
    trial = Trial(Contender(champion, 1), Contender(challenger, 1), PRIOR_MATCHES)
    proposed: tuple[int, datetime, float, float] | None = None
    worth = []
    for number, (at, one, other, outcome) in enumerate(_both(evaluations, champion, challenger), start=1):
        if proposed is not None:
            worth.append(math.log(other.of(outcome) / one.of(outcome)))
            continue
        trial.change(one, other, None, outcome, at)
        if is_due(trial, CONFIG):
            verdict = promotion(trial, CONFIG)
            if verdict.ready:
                proposed = number, at, verdict.comparison.lower, verdict.comparison.gain
    if proposed is None:
        return None
    error = stdev(worth) / math.sqrt(len(worth))
    return Promotion(champion, challenger, *proposed, len(worth), fmean(worth), error)


def empirical_bernstein(evaluations: Sequence[Evaluation], champion: str, challenger: str) -> int | None:
    """After how many matches an empirical-Bernstein sequence proves the same: for comparison.

    Source: the predictable plug-in sequence of Waudby-Smith and Ramdas (2024), theorem 2, on differences that are
    brought from between -BOUND and BOUND to between 0 and 1.
    """
    bound, alpha = -math.log(CLIP), CONFIG.promote_alpha
    weighted, stakes, penalty = 0.0, 0.0, 0.0
    mean_sum, square_sum = 0.5, 0.25
    for t, (_, one, other, outcome) in enumerate(_both(evaluations, champion, challenger), start=1):
        value = 0.5 + difference(other, one, outcome) / (2.0 * bound)
        mean, variance = mean_sum / t, square_sum / t
        stake = min(math.sqrt(2.0 * math.log(1.0 / alpha) / (variance * t * math.log(1.0 + t))), 0.5)
        psi = -math.log(1.0 - stake) - stake
        penalty += (value - mean) ** 2 * psi
        weighted += stake * value
        stakes += stake
        mean_sum += value
        square_sum += (value - mean_sum / (t + 1)) ** 2
        if weighted / stakes - (math.log(1.0 / alpha) + penalty) / stakes > 0.5:
            return t
    return None


def _both(
    evaluations: Sequence[Evaluation], champion: str, challenger: str
) -> Iterator[tuple[datetime, Probabilities, Probabilities, Outcome]]:
    """Matches for which neither model was cold any more."""
    for evaluation in evaluations[CONFIG.cold_matches :]:
        said = {score.model: score.probabilities for score in evaluation.models}
        if evaluation.outcome is not None:
            yield evaluation.evaluated_at, said[champion], said[challenger], evaluation.outcome


def evaluated(matches: Sequence[PlayedMatch], models: tuple[str, ...]) -> list[Evaluation]:
    """The evaluations of a back-test of these models."""
    config = replace(CONFIG, models=models, reinforce="off")
    return list(backtest(matches, lambda _: config))
