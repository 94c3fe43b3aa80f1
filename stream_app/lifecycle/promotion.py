"""When a challenger has earned the champion's place, and when a champion has lost it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from stream_app.events import OUTCOMES, Comparison, EvidenceScope, LeagueConfig, Leaning, Outcome, Probabilities
from stream_app.lifecycle.evidence import Evidence, difference, e_value

LEANS_FROM = 3.0
"""e-value from which the evidence is said to lean: a bet that was offered at fair odds has tripled its stake. Shafer,
"Testing by betting", JRSS A 184 (2021), compares such numbers with significance."""

_UNITS = 2.0**52


@dataclass(frozen=True, slots=True)
class Contender:
    """A version of a model."""

    model: str
    version: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a trial is decided in the challenger's favour, on these figures; else all the reasons why not."""

    comparison: Comparison
    missing: tuple[str, ...]

    @property
    def ready(self) -> bool:
        """Whether nothing is missing."""
        return not self.missing


class Trial:
    """A challenger and a champion on the same matches, from the first match that both foretold on.

    Every sum is one of integers, so a corrected result leaves no trace of what stood before, and trials of several
    competitions can be pooled in any order.

    Parameters
    ----------
    rates
        Weight of home wins, draws and away wins, in matches, with which the running base rate goes into the trial.
    """

    __slots__ = (
        "_challenger_loss",
        "_champion_loss",
        "_pooled_base_loss",
        "challenger",
        "champion",
        "evidence",
        "outcomes",
        "rates",
        "since",
        "until",
    )

    def __init__(self, champion: Contender, challenger: Contender, rates: Mapping[Outcome, float]) -> None:
        self.champion = champion
        self.challenger = challenger
        self.rates = dict(rates)
        self.outcomes: dict[Outcome, int] = dict.fromkeys(OUTCOMES, 0)
        self.evidence = Evidence()
        self.since: datetime | None = None
        self.until: datetime | None = None
        self._champion_loss = 0
        self._challenger_loss = 0
        self._pooled_base_loss = 0

    def change(
        self,
        champion: Probabilities,
        challenger: Probabilities,
        old: Outcome | None,
        new: Outcome | None,
        at: datetime,
    ) -> None:
        """Count a match with the outcome `new` instead of `old`; None stands for not at all.

        `champion` and `challenger` are what both had foretold; `at` is the event time of the change.
        """
        for outcome, times in ((old, -1), (new, 1)):
            if outcome is not None:
                self.outcomes[outcome] += times
                self.evidence.add(difference(challenger, champion, outcome), times)
                self._champion_loss += times * _loss(champion, outcome)
                self._challenger_loss += times * _loss(challenger, outcome)
        if new is not None:
            self.since = at if self.since is None else min(self.since, at)
            self.until = at if self.until is None else max(self.until, at)

    def pool(self, other: Trial) -> None:
        """Add the matches of another competition's trial of the same two models."""
        self.evidence.pool(other.evidence)
        self._pooled_base_loss += math.floor(other.base_loss() * _UNITS)
        self._champion_loss += other._champion_loss
        self._challenger_loss += other._challenger_loss
        self.since = min((at for at in (self.since, other.since) if at is not None), default=None)
        self.until = max((at for at in (self.until, other.until) if at is not None), default=None)

    def comparison(self, alpha: float, scope: EvidenceScope = "competition") -> Comparison:
        """The figures of the trial; a bound fails with probability `alpha` at most, ever."""
        n = self.evidence.n
        champion, challenger, base = (
            (self._champion_loss / (n * _UNITS), self._challenger_loss / (n * _UNITS), self.base_loss() / n)
            if n
            else (0.0, 0.0, 0.0)
        )
        champion_skill = 1.0 - champion / base if n else 0.0
        challenger_skill = 1.0 - challenger / base if n else 0.0
        # A champion without any skill would make every gain infinite; then the gain itself is what is told.
        size = abs(champion_skill) or 1.0
        return Comparison(
            champion=self.champion.model,
            champion_version=self.champion.version,
            challenger=self.challenger.model,
            challenger_version=self.challenger.version,
            scope=scope,
            matches=n,
            since=self.since,
            until=self.until,
            difference=self.evidence.mean(),
            lower=self.evidence.lower(alpha),
            upper=self.evidence.upper(alpha),
            e_better=e_value(self.evidence.log_better()),
            e_worse=e_value(self.evidence.log_worse()),
            leaning=leaning(self.evidence, alpha),
            champion_loss=champion,
            challenger_loss=challenger,
            base_loss=base,
            champion_skill=champion_skill,
            challenger_skill=challenger_skill,
            gain=(challenger_skill - champion_skill) / size,
        )

    def base_loss(self) -> float:
        """Log loss of the running base rate over these matches, in nats. Each competition has a rate of its own.

        The running rate foretells each outcome by its share of the weight so far. The sum of the logarithms is that of
        Polya's urn, which depends on how often each outcome came and not on the order:
        `ln G(A) / G(A + n) + sum of ln G(a_k + n_k) / G(a_k)`, with G the gamma function and A the sum of `rates` a.
        """
        start = math.fsum(self.rates.values())
        n = sum(self.outcomes.values())
        gained = math.fsum(
            math.lgamma(self.rates[outcome] + self.outcomes[outcome]) - math.lgamma(self.rates[outcome])
            for outcome in OUTCOMES
        )
        return self._pooled_base_loss / _UNITS + math.lgamma(start + n) - math.lgamma(start) - gained

    def is_proven(self, alpha: float) -> bool:
        """Whether the challenger is better, beyond `alpha`. Much cheaper than all figures, so it may be asked often."""
        return self.evidence.log_better() >= -math.log(alpha)

    def is_lost(self, alpha: float) -> bool:
        """Whether the challenger is worse, beyond `alpha`."""
        return self.evidence.log_worse() >= -math.log(alpha)


def promotion(trial: Trial, config: LeagueConfig, scope: EvidenceScope = "competition") -> Verdict:
    """Whether the challenger of `trial` is to be proposed: enough matches, days, evidence and gain."""
    comparison = trial.comparison(config.promote_alpha, scope)
    return Verdict(comparison, tuple(_missing(comparison, trial, config)))


def is_due(trial: Trial, config: LeagueConfig) -> bool:
    """Whether it is worth asking for `promotion`: what is not due is not ready. Cheap enough for after every match."""
    return trial.evidence.n >= config.promote_matches and trial.is_proven(config.promote_alpha)


def leaning(evidence: Evidence, alpha: float) -> Leaning:
    """What the evidence says, in words: proven, leaning or open."""
    better, worse = evidence.log_better(), evidence.log_worse()
    proof = -math.log(alpha)
    if better >= proof:
        return "better"
    if worse >= proof:
        return "worse"
    if max(better, worse) < math.log(LEANS_FROM):
        return "open"
    return "leaning better" if better > worse else "leaning worse"


def _missing(comparison: Comparison, trial: Trial, config: LeagueConfig) -> list[str]:
    missing = []
    if comparison.matches < config.promote_matches:
        missing.append(f"{comparison.matches} of {config.promote_matches} scored matches")
    days = _days(comparison)
    if days < config.promote_days:
        missing.append(f"{days:.1f} of {config.promote_days:g} days")
    if not trial.is_proven(config.promote_alpha):
        missing.append(
            f"evidence: e-value {comparison.e_better:.3g} of {1.0 / config.promote_alpha:.3g},"
            f" the lower bound is {comparison.lower:+.4f} nats a match"
        )
    if not comparison.gain >= config.promote_gain:
        missing.append(f"gain in skill {comparison.gain:+.1%}, wanted {config.promote_gain:.1%}")
    return missing


def _days(comparison: Comparison) -> float:
    if comparison.since is None or comparison.until is None:
        return 0.0
    return (comparison.until - comparison.since) / timedelta(days=1)


def _loss(probabilities: Probabilities, outcome: Outcome) -> int:
    return math.floor(-math.log(probabilities.of(outcome)) * _UNITS)
