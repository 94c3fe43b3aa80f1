"""Is a sequence of outcomes what independent draws from the forecasts' probabilities would give?

Each test is told twice. Its usual statistic, centred and scaled by what the probabilities of these very matches make
of it, comes with the p-value of somebody who looks once. Its evidence is the wealth of a gambler who bets on the same
kind of defect (`wealth`), and holds however often it is looked at; the verdict rests on this one alone.

* `frequencies`: do home wins, draws and away wins come as often as foretold? Chi-square.
* `runs`: do outcomes change as often as foretold? The runs test of Wald, A. and Wolfowitz, J. (1940), 'On a test
  whether two samples are from the same population', Annals of Mathematical Statistics 11(2), 147-162.
* `lag 1` to `lag 5`: does an outcome depend on the one that many matches earlier? Chi-square of a transition matrix.
* `repetition`: is what stood before copied, as by a short period or by repeated blocks?
* `scores`, `score pairs`: are the goals drawn from the foretold distribution, and each without a look at the one
  before? For competitions whose scores a program draws.
"""

from __future__ import annotations

import math

from stream_app.analytics.chance import chi_square_tail, normal_tail
from stream_app.analytics.numbers import short
from stream_app.analytics.observed import Hits, Observed, Triple
from stream_app.analytics.repetition import Repetition
from stream_app.analytics.scores import BINS, THIRDS, Uniformity
from stream_app.analytics.wealth import LARGEST_LOG, Wealth, log_mean_exp
from stream_app.events import OUTCOMES, Randomness, RandomnessTest, Verdict

LAGS = 5
SUSPICIOUS, NOT_RANDOM = 0.05, 0.001
"""A fair sequence is ever called suspicious, or not random, with at most these chances, however long it goes on."""


class RandomnessWatch:
    """The tests of one competition's outcomes, in the order in which they are learned."""

    def __init__(self) -> None:
        self.past: list[int] = []
        """The last outcomes, as their places in H, D, A, the latest one first."""
        self.frequencies = Observed()
        self.same = Hits(Observed.PRIOR)
        """Outcomes that are the same as the one before: every other one begins a run."""
        self.lags = [[Observed() for _ in OUTCOMES] for _ in range(LAGS)]
        self.repetition = Repetition()
        self.scores = Uniformity()
        self.on_frequencies, self.on_runs, self.on_repetition = Wealth(), Wealth(), Wealth()
        self.on_scores, self.on_pairs = Wealth(), Wealth()
        self.on_lags = [Wealth() for _ in range(LAGS)]
        self.largest_log = 0.0
        """Logarithm of the largest mean of all wealths."""

    def learn(self, probabilities: Triple | None, place: int, goals: tuple[float, ...] = ()) -> None:
        """Learn that the outcome at `place` of H, D, A came, of which the forecast was `probabilities`.

        Without a forecast the outcome is remembered and tests nothing. `goals` are transforms of the score.
        """
        if probabilities is not None:
            self._test(probabilities, place)
            for transformed in goals:
                self.on_scores.bet(self.scores.factor(transformed))
                self.on_pairs.bet(self.scores.pair_factor(transformed))
                self.scores.add(transformed)
            self.largest_log = max(self.largest_log, self._log())
        self.repetition.learn(probabilities, place)
        self.past = [place, *self.past[: LAGS - 1]]

    def verdict(self) -> Verdict:
        """What the evidence so far says."""
        p_value = self.p_value()
        if p_value <= NOT_RANDOM:
            return "not random"
        return "suspicious" if p_value <= SUSPICIOUS else "consistent with chance"

    def p_value(self) -> float:
        """Of all tests together, whenever it is looked at."""
        return math.exp(-min(self.largest_log, LARGEST_LOG))

    def figures(self) -> Randomness:
        """The verdict and everything that it rests on."""
        frequencies, square = self.frequencies, self.frequencies.chi_square()
        runs, repetition = -self.same.excess(), self.repetition.excess()
        tests = [
            _told("frequencies", frequencies.n, square, 2, chi_square_tail(square, 2), self.on_frequencies),
            _told("runs", self.same.n, runs, 0, 2.0 * normal_tail(abs(runs)), self.on_runs),
        ]
        for lag, (contexts, wealth) in enumerate(zip(self.lags, self.on_lags, strict=True), start=1):
            n, square = sum(one.n for one in contexts), sum(one.chi_square() for one in contexts)
            degrees = 2 * len(contexts)
            tests.append(_told(f"lag {lag}", n, square, degrees, chi_square_tail(square, degrees), wealth))
        p_value = normal_tail(repetition)
        tests.append(_told("repetition", self.repetition.n, repetition, 0, p_value, self.on_repetition))
        if self.scores.n:
            degrees, square = BINS - 1, self.scores.chi_square()
            p_value = chi_square_tail(square, degrees)
            tests.append(_told("scores", self.scores.n, square, degrees, p_value, self.on_scores))
            degrees, square = THIRDS * (THIRDS - 1), self.scores.pair_chi_square()
            p_value = chi_square_tail(square, degrees)
            tests.append(_told("score pairs", self.scores.n_pairs, square, degrees, p_value, self.on_pairs))
        evidence = math.exp(min(self._log(), LARGEST_LOG))
        return Randomness(self.verdict(), frequencies.n, short(evidence), short(self.p_value()), tuple(tests))

    def _test(self, probabilities: Triple, place: int) -> None:
        self.on_frequencies.bet(self.frequencies.factor(probabilities, place))
        self.frequencies.add(probabilities, place)
        if self.past:
            chance, hit = probabilities[self.past[0]], self.past[0] == place
            self.on_runs.bet(self.same.factor(chance, hit))
            self.same.add(chance, hit)
        for earlier, contexts, wealth in zip(self.past, self.lags, self.on_lags, strict=False):
            wealth.bet(contexts[earlier].factor(probabilities, place))
            contexts[earlier].add(probabilities, place)
        self.on_repetition.bet(self.repetition.factor(probabilities, place))

    def _log(self) -> float:
        """Logarithm of the mean wealth: the capital is split evenly over the kinds of defects."""
        serial = log_mean_exp([wealth.log for wealth in self.on_lags])
        drawn = log_mean_exp([self.on_scores.log, self.on_pairs.log])
        return log_mean_exp([self.on_frequencies.log, self.on_runs.log, serial, self.on_repetition.log, drawn])


def _told(name: str, n: int, statistic: float, degrees: int, once: float, wealth: Wealth) -> RandomnessTest:
    evidence, p_value = short(wealth.evidence()), short(wealth.p_value())
    return RandomnessTest(name, n, short(statistic), degrees, short(once), evidence, p_value)
