from __future__ import annotations

import copy
import random
from itertools import pairwise

import numpy as np
import pytest
import scipy
from hypothesis import given, settings
from hypothesis import strategies as st

from stream_app.analytics.observed import Triple
from stream_app.analytics.randomness import NOT_RANDOM, SUSPICIOUS, RandomnessWatch
from tests.studies.analytics import watched
from tests.studies.sequences import after, alternating, fair, periodic, probabilities, repeating

EVEN = (1 / 3, 1 / 3, 1 / 3)
PLACES = st.lists(st.integers(0, 2), max_size=40)
TRIPLES = st.sampled_from([EVEN, (0.6, 0.25, 0.15), (0.2, 0.3, 0.5)])


def watch_of(places: list[int], chances: Triple = EVEN) -> RandomnessWatch:
    watch = RandomnessWatch()
    for place in places:
        watch.learn(chances, place)
    return watch


def of(watch: RandomnessWatch, name: str) -> tuple[int, float, float]:
    """Number, statistic and p-value at one look of a test."""
    test = next(test for test in watch.figures().tests if test.name == name)
    return test.n, test.statistic, test.once


@given(PLACES, TRIPLES)
def test_the_mean_evidence_after_a_match_is_the_evidence_before_it(places: list[int], chances: Triple) -> None:
    watch = watch_of(places, (0.4, 0.3, 0.3))
    mean = 0.0
    for place, chance in enumerate(chances):
        next_watch = copy.deepcopy(watch)
        next_watch.learn(chances, place)
        mean += chance * next_watch.figures().evidence
    assert mean == pytest.approx(watch.figures().evidence, rel=1e-4)


def test_the_runs_test_is_that_of_the_books_when_chances_are_even() -> None:
    # Given two equally likely sides, runs - 1 is binomial with one half.
    rng = random.Random(2)
    places = [rng.randrange(2) for _ in range(400)]
    watch = watch_of(places, (0.5, 0.5, 1e-9))
    runs = 1 + sum(a != b for a, b in pairwise(places))
    n, z, once = of(watch, "runs")
    assert n == 399
    assert z == pytest.approx((runs - 1 - 399 / 2) / np.sqrt(399 / 4), rel=1e-4)
    assert once == pytest.approx(2.0 * scipy.stats.norm.sf(abs(z)), rel=1e-4)


def test_frequencies_are_tested_as_scipy_does() -> None:
    places = [0] * 50 + [1] * 30 + [2] * 20
    expected = scipy.stats.chisquare([50, 30, 20])
    n, statistic, once = of(watch_of(places), "frequencies")
    assert n == 100
    assert statistic == pytest.approx(expected.statistic, rel=1e-4)
    assert once == pytest.approx(expected.pvalue, rel=1e-4)


@pytest.mark.parametrize("lag", [1, 2, 5])
def test_a_lag_is_tested_by_the_transition_matrix_over_so_many_matches(lag: int) -> None:
    rng = random.Random(lag)
    places = [rng.randrange(3) for _ in range(300)]
    counts = np.zeros((3, 3))
    for earlier, later in zip(places, places[lag:], strict=False):
        counts[earlier, later] += 1
    expected = sum(scipy.stats.chisquare(row).statistic for row in counts)
    n, statistic, once = of(watch_of(places), f"lag {lag}")
    assert n == 300 - lag
    assert statistic == pytest.approx(expected, rel=1e-4)
    assert once == pytest.approx(scipy.stats.chi2.sf(expected, 6), rel=1e-4)


def test_without_forecasts_nothing_is_tested() -> None:
    watch = RandomnessWatch()
    for place in [0, 1, 2] * 30:
        watch.learn(None, place)
    told = watch.figures()
    assert (told.n, told.evidence, told.p_value, told.verdict) == (0, 1.0, 1.0, "consistent with chance")


def test_scores_are_told_where_there_are_some() -> None:
    watch = RandomnessWatch()
    watch.learn(EVEN, 0)
    assert "scores" not in [test.name for test in watch.figures().tests]
    for _ in range(40):
        watch.learn(EVEN, 0, (0.01, 0.02))
    n, statistic, _ = of(watch, "scores")
    assert (n, statistic) == (80, 720.0)
    assert of(watch, "score pairs")[:2] == (79, 158.0)


def test_a_fair_sequence_is_left_alone() -> None:
    run, watch = watched(fair, 2_500, seed=77, stop=False)
    assert run.suspicious is None
    told = watch.figures()
    assert (told.verdict, told.n) == ("consistent with chance", 2_500)
    assert all(test.once > 1e-4 for test in told.tests)


@pytest.mark.slow
def test_fair_sequences_are_suspected_no_more_often_than_is_said() -> None:
    sequences, matches = 150, 600
    suspected = sum(watched(fair, matches, seed)[0].suspicious is not None for seed in range(sequences))
    # So many are exceeded by bad luck once in a thousand times, if the rate is just what is said.
    assert suspected <= scipy.stats.binom.isf(0.001, sequences, SUSPICIOUS)


@pytest.mark.parametrize(
    ("defect", "start", "within"),
    [
        (periodic(7), 0, 60),
        (after(800, periodic(7)), 800, 80),
        (after(300, periodic(100)), 300, 160),
        (repeating(20, 80), 0, 500),
        (after(600, repeating(20, 80)), 600, 700),
    ],
    ids=["period", "late period", "long period", "blocks", "late blocks"],
)
def test_a_planted_repetition_is_found(defect: object, start: int, within: int) -> None:
    assert callable(defect)
    run, watch = watched(defect, start + within, seed=5)
    assert watch.verdict() == "not random"
    assert run.not_random is not None
    assert start < run.not_random <= start + within


def test_an_alternation_is_found_by_the_runs() -> None:
    run, watch = watched(alternating(0.15), 1_500, seed=9)
    assert run.not_random is not None
    # More runs than chance would make.
    assert of(watch, "runs")[1] > 3.0


def test_a_verdict_stands_once_it_is_spoken() -> None:
    watch = watched(periodic(5), 200, seed=1)[1]
    rng = random.Random(1)
    for number in range(500):
        chances = probabilities(rng)
        watch.learn(chances, fair(rng, chances, [], number))
    assert watch.verdict() == "not random"
    assert watch.p_value() <= NOT_RANDOM


@settings(max_examples=30)
@given(PLACES)
def test_figures_change_nothing(places: list[int]) -> None:
    watch = watch_of(places)
    assert watch.figures() == watch.figures()
    other = watch_of(places)
    other.learn(EVEN, 0)
    watch.learn(EVEN, 0)
    assert watch.figures() == other.figures()
