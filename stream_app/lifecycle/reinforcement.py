"""How a model that errs too much mends itself, and why it mostly had better not.

Something makes a model suspicious of itself (see `suspicion`); then changed copies of it are built aside, each is
judged on recent matches that it was not built on, and only one that is significantly better there takes the model's
place. Confident forecasts go wrong in a sound model too, as often as they say: learning from those errors alone makes
it worse. The judgement is what keeps a healthy model as it is.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from statistics import fmean
from typing import Literal

from river import linear_model, optim

from stream_app.events import OUTCOMES, LeagueConfig
from stream_app.lifecycle.evidence import e_value
from stream_app.lifecycle.recent import RecentMatch
from stream_app.lifecycle.suspicion import Cause
from stream_app.lifecycle.tempered import LARGEST, Tempered, best_power, logs_of, tempered
from stream_app.models.contract import MatchModel
from stream_app.models.river_models import RiverModel
from stream_app.models.softmax import Triple

STANDARD_ERRORS = 1.64
"""Standard errors by which a candidate's mean log loss has to be the lower: one-sided 5 %."""

PROOF = 100.0
"""e-value on held-back matches with which another temperature is better, whatever the standard error: 1 %, since a
model in trouble tries again and again. Weights 1.7 times too large gave 120 and more within some hundred matches."""

FEWEST = 100
"""Recent matches that an attempt takes; on fewer, nothing but a miracle is significant."""

Candidate = Literal["temperature", "replay", "fine_tune"]


@dataclass(frozen=True, slots=True)
class Judged:
    """A candidate on held-back matches: by how much its mean log loss is lower, in nats, and the standard error.

    `e_value` is the evidence that the model's own probabilities are wrong in the way that the candidate says; None of a
    candidate that differs by more than one number.
    """

    candidate: Candidate
    gain: float
    error: float
    matches: int
    e_value: float | None = None

    @property
    def is_better(self) -> bool:
        """Whether it is significantly better than the model as it is."""
        if self.e_value is not None and self.e_value >= PROOF:
            return True
        return self.gain > STANDARD_ERRORS * self.error

    @property
    def words(self) -> str:
        """The judgement for people."""
        proof = "" if self.e_value is None else f", e-value {self.e_value:.3g}"
        return f"{self.candidate} {self.gain:+.4f} nats a match (standard error {self.error:.4f}{proof})"


@dataclass(frozen=True, slots=True)
class Attempt:
    """What came of an attempt. `model` is the better model; None when there is none."""

    cause: Cause
    judged: tuple[Judged, ...]
    accepted: Candidate | None
    model: MatchModel | None
    reason: str

    def notes(self) -> dict[str, float | str | bool]:
        """The figures by name."""
        notes: dict[str, float | str | bool] = {"cause": self.cause, "standard_errors_wanted": STANDARD_ERRORS}
        for judged in self.judged:
            notes[f"{judged.candidate}.gain"] = judged.gain
            notes[f"{judged.candidate}.standard_error"] = judged.error
            notes[f"{judged.candidate}.matches"] = judged.matches
            if judged.e_value is not None:
                notes[f"{judged.candidate}.e_value"] = judged.e_value
        return notes


def reinforce(model: MatchModel, recent: Sequence[RecentMatch], cause: Cause, config: LeagueConfig) -> Attempt:
    """Look for a better version of `model`, which stays as it is.

    Matches at even places are for building and those at odd places for judging, so both are as recent. The candidates:

    * `temperature`: the model with another certainty, one number on top. There both halves judge what the other gave,
      since one number can hardly have learned a match by heart. Errors call for less certainty only, a person may get
      more.
    * `replay`: a copy that learns the matches again, those that it gets wrong twice.
    * `fine_tune`: a copy that learns the confident errors of the last days alone, at a step of its own if it has one.

    A candidate is better when its gain is above `STANDARD_ERRORS` standard errors. Between two forecasts of any kind
    that is what can be asked; but it takes thousands of matches, and a fault costs most in the first hundreds. Another
    temperature is the model itself but for one number, and there the likelihood ratio on held-back matches is a much
    sharper judge: its mean is 1 at most while the model's own probabilities are right, so it is an e-value (Wasserman,
    Ramdas and Balakrishnan, "Universal inference", PNAS 117 (2020), section 2; the mean of both halves is one again).
    Of those that are better the one with the largest gain is accepted.
    """
    if len(recent) < FEWEST:
        return Attempt(cause, (), None, None, f"only {len(recent)} of {FEWEST} recent matches")
    said = [logs_of(model.predict_proba_one(match.x)) for match in recent]
    tries = [_temperature(model, recent, said, cause), _replay(model, recent, said)]
    if (tuned := _fine_tune(model, recent, said, config)) is not None:
        tries.append(tuned)
    judged = tuple(judgement for judgement, _ in tries)
    better = [attempt for attempt in tries if attempt[0].is_better]
    told = "; ".join(judgement.words for judgement in judged)
    if not better:
        return Attempt(cause, judged, None, None, f"nothing is significantly better: {told}")
    best, build = max(better, key=lambda attempt: attempt[0].gain)
    return Attempt(cause, judged, best.candidate, build(), f"{best.candidate} is significantly better: {told}")


_Try = tuple[Judged, Callable[[], MatchModel]]


def _temperature(model: MatchModel, recent: Sequence[RecentMatch], said: Sequence[Triple], cause: Cause) -> _Try:
    most = LARGEST if cause == "command" else 1.0
    hits = [OUTCOMES.index(match.outcome) for match in recent]
    gains = [0.0] * len(recent)
    for build, judge in ((0, 1), (1, 0)):
        power = min(best_power(said[build::2], hits[build::2]), most)
        for place in range(judge, len(recent), 2):
            logs, hit = said[place], hits[place]
            gains[place] = math.log(tempered(logs, power)[hit] / tempered(logs, 1.0)[hit])

    def whole() -> MatchModel:
        # One temperature on top of another would be one too many: the old one is replaced.
        power = min(best_power(said, hits), most)
        if isinstance(model, Tempered):
            return Tempered(copy.deepcopy(model.model), model.power * power)
        return Tempered(copy.deepcopy(model), power)

    proof = fmean(e_value(math.fsum(gains[half::2])) for half in (0, 1))
    return replace(_judge("temperature", gains), e_value=proof), whole


def _replay(model: MatchModel, recent: Sequence[RecentMatch], said: Sequence[Triple]) -> _Try:
    candidate = copy.deepcopy(model)
    for match, logs in zip(recent[::2], said[::2], strict=True):
        for _ in range(1 if _is_hit(match, logs) else 2):
            candidate.learn_one(match.x, match.outcome)
    return _judge("replay", _gains(candidate, recent, said)), lambda: candidate


def _fine_tune(
    model: MatchModel, recent: Sequence[RecentMatch], said: Sequence[Triple], config: LeagueConfig
) -> _Try | None:
    since = recent[-1].at - timedelta(days=config.reinforce_days)
    errors = [
        match
        for match, logs in zip(recent[::2], said[::2], strict=True)
        if match.at >= since and not _is_hit(match, logs) and max(tempered(logs, 1.0)) >= config.reinforce_confidence
    ]
    if not errors:
        return None
    candidate = copy.deepcopy(model)
    learn_at(candidate, errors, config.reinforce_rate)
    return _judge("fine_tune", _gains(candidate, recent, said)), lambda: candidate


def learn_at(model: MatchModel, matches: Iterable[RecentMatch], rate: float) -> None:
    """Let a model learn `matches` at the step `rate`. One that has no step learns in its own way."""
    core = model.model if isinstance(model, Tempered) else model
    regression = core.classifier if isinstance(core, RiverModel) else None
    if not isinstance(regression, linear_model.SoftmaxRegression):
        for match in matches:
            model.learn_one(match.x, match.outcome)
        return
    usual = regression.optimizers
    steps = {outcome: optim.SGD(rate) for outcome in OUTCOMES}
    regression.optimizers = steps  # type: ignore[assignment]  # every key is there, so no factory is needed
    for match in matches:
        model.learn_one(match.x, match.outcome)
    regression.optimizers = usual


def _is_hit(match: RecentMatch, logs: Triple) -> bool:
    return logs[OUTCOMES.index(match.outcome)] == max(logs)


def _gains(candidate: MatchModel, recent: Sequence[RecentMatch], said: Sequence[Triple]) -> list[float]:
    """By how much the candidate's log loss is lower in each match at an odd place."""
    gains = []
    for match, logs in zip(recent[1::2], said[1::2], strict=True):
        hit = OUTCOMES.index(match.outcome)
        answer = tempered(logs_of(candidate.predict_proba_one(match.x)), 1.0)
        gains.append(math.log(answer[hit] / tempered(logs, 1.0)[hit]))
    return gains


def _judge(candidate: Candidate, gains: Sequence[float]) -> Judged:
    n = len(gains)
    mean = math.fsum(gains) / n
    variance = math.fsum((gain - mean) ** 2 for gain in gains) / (n - 1)
    return Judged(candidate, mean, math.sqrt(variance / n), n)
