"""When losses or outcomes have moved to another level, and when that is the norm."""

from __future__ import annotations

import copy

import numpy as np
import pytest

from stream_app.evaluation.drift import SETTLED, OutcomeWatch, Shift
from stream_app.events import OUTCOMES, LeagueConfig, Outcome, Probabilities
from tests.evaluation.watched import Watched, matches

CONFIG = LeagueConfig()


def outcomes(number: int, rates: tuple[float, float, float], seed: int) -> list[Outcome]:
    return [OUTCOMES[place] for place in np.random.default_rng(seed).choice(3, number, p=rates)]


def test_outcomes_that_keep_their_shares_raise_nothing() -> None:
    watch = OutcomeWatch()
    for outcome in outcomes(5_000, (0.5, 0.25, 0.25), 1):
        watch.add(outcome, CONFIG)
        assert watch.look(CONFIG) == []


def test_a_change_of_the_shares_is_told_of_each_outcome_and_resolved_when_it_is_the_norm() -> None:
    watch = OutcomeWatch()
    changes = []
    for number, outcome in enumerate(outcomes(1_000, (0.55, 0.25, 0.2), 2) + outcomes(2_000, (0.35, 0.25, 0.4), 3)):
        watch.add(outcome, CONFIG)
        changes += [(number, change.sight.metric, change.state, change) for change in watch.look(CONFIG)]
    assert {metric for _, metric, _, _ in changes} == {"home_rate", "away_rate"}
    for wanted in ("home_rate", "away_rate"):
        lives = [(number, state, change) for number, metric, state, change in changes if metric == wanted]
        (number, state, raised), *_ = lives
        assert (state, raised.kind, raised.number) == ("raised", "drift", 1)
        assert 1_000 < number < 1_500
        assert lives[-1][1] == "resolved"
        assert lives[-1][0] - number >= SETTLED * CONFIG.window
    _, _, _, home = next(it for it in changes if it[1] == "home_rate")
    assert home.sight.promised == pytest.approx(0.55, abs=0.06)
    assert home.sight.measured < home.sight.promised * 0.95


def test_higher_losses_are_drift_even_when_they_were_promised() -> None:
    model = Watched(CONFIG)
    # A model that knows more and more says so; one that has lost its inputs says that it knows little.
    assert model.take(matches(1_000, seed=4, sharpened=1.0)) == []
    changes = []
    random = np.random.default_rng(5)
    for _ in range(1_500):
        p = random.dirichlet((80.0, 78.0, 76.0))
        changes += model.take([(Probabilities(*map(float, p)), OUTCOMES[random.choice(3, p=p)])])
    assert {change.kind for _, change in changes} == {"drift"}
    assert [change.state for _, change in changes if change.state != "worsened"] == ["raised", "resolved"]


def test_lower_losses_are_no_alert() -> None:
    model = Watched(CONFIG)
    random = np.random.default_rng(7)
    changes = []
    for number in range(2_500):
        p = random.dirichlet((80.0, 78.0, 76.0) if number < 1_000 else (7.0, 1.0, 1.0))
        p = (p + 0.01) / (p + 0.01).sum()
        changes += model.take([(Probabilities(*map(float, p)), OUTCOMES[random.choice(3, p=p)])])
    assert changes == []


def test_a_shift_goes_on_the_same_after_it_was_copied() -> None:
    shift = Shift()
    for number in range(300):
        shift.add(float(number % 2), 100)
    other = copy.deepcopy(shift)
    ends = []
    for it in (shift, other):
        for _ in range(300):
            it.add(1.0, 100)
        ends.append((it.left, it.age, it.adwin.estimation))
    assert ends[0] == ends[1]
    assert ends[0][0] == pytest.approx(0.5, abs=0.1)
