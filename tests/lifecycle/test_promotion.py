"""When a challenger is proposed, and what is told when it is not."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_app.events import OUTCOMES, LeagueConfig, Outcome, Probabilities
from stream_app.lifecycle.promotion import Contender, Trial, is_due, leaning, promotion

START = datetime(2024, 8, 1, tzinfo=UTC)
RATES: dict[Outcome, float] = {"H": 4.5, "D": 2.6, "A": 2.9}
GOOD = Probabilities(0.6, 0.25, 0.15)
DULL = Probabilities(0.45, 0.28, 0.27)
CONFIG = LeagueConfig()


def new_trial() -> Trial:
    """A trial that has seen no match."""
    return Trial(Contender("old", 1), Contender("new", 1), RATES)


def tried(
    outcomes: list[Outcome], champion: Probabilities = DULL, challenger: Probabilities = GOOD, hours: float = 6.0
) -> Trial:
    """A trial over these outcomes, one every few hours."""
    trial = new_trial()
    for place, outcome in enumerate(outcomes):
        trial.change(champion, challenger, None, outcome, START + place * timedelta(hours=hours))
    return trial


def test_a_challenger_that_is_better_long_enough_is_ready() -> None:
    verdict = promotion(tried(["H"] * 150), CONFIG)
    assert verdict.ready
    told = verdict.comparison
    assert (told.champion, told.challenger, told.matches, told.leaning) == ("old", "new", 150, "better")
    assert 0.0 < told.lower < told.difference < told.upper
    assert told.champion_loss == pytest.approx(-math.log(0.45))
    assert told.gain == pytest.approx((told.challenger_skill - told.champion_skill) / abs(told.champion_skill))


def test_all_that_is_missing_is_told_at_once() -> None:
    verdict = promotion(tried(["H", "A", "D"] * 5), CONFIG)
    matches, days, evidence, gain = verdict.missing
    assert matches == "15 of 100 scored matches"
    assert days == "3.5 of 7 days"
    assert evidence.startswith("evidence: e-value ")
    assert gain.startswith("gain in skill -")


@pytest.mark.parametrize(
    ("change", "missing"),
    [
        ({"promote_matches": 151}, "150 of 151 scored matches"),
        ({"promote_days": 38.0}, "37.2 of 38 days"),
        ({"promote_alpha": 1e-9}, "evidence: e-value"),
        ({"promote_gain": 50.0}, "gain in skill"),
    ],
)
def test_each_condition_alone_keeps_a_challenger_waiting(change: dict[str, float], missing: str) -> None:
    (reason,) = promotion(tried(["H"] * 150), replace(CONFIG, **change)).missing  # type: ignore[arg-type]  # fields of several types
    assert reason.startswith(missing)


def test_what_is_not_due_is_not_ready() -> None:
    trial = new_trial()
    due = []
    for place in range(150):
        trial.change(DULL, GOOD, None, "H", START + place * timedelta(hours=6))
        due.append(is_due(trial, CONFIG))
        assert due[-1] or not promotion(trial, CONFIG).ready
    assert due == [False] * 99 + [True] * 51


def test_evidence_that_leans_is_told_from_a_proof() -> None:
    words = [leaning(tried(["H"] * matches).evidence, 0.05) for matches in (0, 20, 60)]
    assert words == ["open", "leaning better", "better"]
    words = [leaning(tried(["A"] * matches).evidence, 0.05) for matches in (15, 40)]
    assert words == ["leaning worse", "worse"]
    assert tried(["A"] * 40).is_lost(0.05)


@given(st.lists(st.sampled_from(OUTCOMES), max_size=60))
def test_the_base_rate_is_the_running_one_to_the_letter(outcomes: list[Outcome]) -> None:
    weights, loss = dict(RATES), 0.0
    for outcome in outcomes:
        loss -= math.log(weights[outcome] / sum(weights.values()))
        weights[outcome] += 1.0
    assert tried(outcomes).base_loss() == pytest.approx(loss, abs=1e-9)


@given(st.lists(st.sampled_from(OUTCOMES), min_size=1, max_size=30), st.sampled_from(OUTCOMES))
def test_a_corrected_result_counts_as_if_it_had_been_so_from_the_start(outcomes: list[Outcome], put: Outcome) -> None:
    corrected = tried(outcomes)
    corrected.change(DULL, GOOD, outcomes[0], put, START)
    assert corrected.comparison(0.05) == tried([put, *outcomes[1:]]).comparison(0.05)


def test_a_void_match_is_taken_out_again() -> None:
    trial = tried(["H"] * 5)
    trial.change(DULL, GOOD, "H", None, START)
    assert trial.comparison(0.05).matches == 4


def test_pooled_trials_tell_of_all_their_matches_in_whatever_order() -> None:
    parts = [tried(["H"] * 40), tried(["A", "H"] * 30), tried(["D"] * 3)]
    orders = ([0, 1, 2], [2, 0, 1])
    pooled = []
    for order in orders:
        trial = new_trial()
        for place in order:
            trial.pool(parts[place])
        pooled.append(trial.comparison(0.05, "all"))
    assert pooled[0] == pooled[1]
    assert pooled[0].matches == 103
    assert pooled[0].scope == "all"
    losses = sum(part.base_loss() for part in parts)
    assert pooled[0].base_loss == pytest.approx(losses / 103)


def test_a_champion_without_any_skill_is_beaten_by_what_the_challenger_has() -> None:
    rates = Probabilities(0.45, 0.26, 0.29)
    told = tried(["H", "D", "A"] * 5, champion=rates, challenger=GOOD).comparison(0.05)
    assert math.isfinite(told.gain)
    assert new_trial().comparison(0.05).gain == 0.0
