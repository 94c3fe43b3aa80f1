from __future__ import annotations

import random
from itertools import groupby, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_app.analytics.streaks import OUTCOME_STREAKS, TEAM_STREAKS, Streaks, chance_of_run

FACTS = st.lists(st.tuples(*[st.booleans()] * 3), max_size=60)


@given(FACTS)
def test_current_and_longest_runs_are_those_that_are_seen_when_all_is_written_down(
    facts: list[tuple[bool, ...]],
) -> None:
    streaks = Streaks(OUTCOME_STREAKS)
    for fact in facts:
        streaks.learn(fact, None)
    for at, told in enumerate(streaks.figures()):
        runs = [(fact, len(list(group))) for fact, group in groupby(fact[at] for fact in facts)]
        assert told.kind == OUTCOME_STREAKS[at]
        assert told.longest == max((length for fact, length in runs if fact), default=0)
        assert told.current == (runs[-1][1] if runs and runs[-1][0] else 0)


def test_the_chance_of_a_run_is_that_of_its_own_matches() -> None:
    streaks = Streaks(OUTCOME_STREAKS)
    for chances in ((0.5, 0.3, 0.2), (0.4, 0.3, 0.3), (0.2, 0.3, 0.5)):
        streaks.learn((True, False, False), chances)
    home, draw, away = streaks.figures()
    assert home.current == 3
    assert home.current_chance == pytest.approx(0.5 * 0.4 * 0.2, rel=0.01)
    assert (draw.current, draw.current_chance, draw.longest_chance) == (0, 1.0, 1.0)
    assert away.current == 0
    streaks.learn((False, True, False), (0.5, 0.3, 0.2))
    assert streaks.figures()[0].current_chance == 1.0
    assert streaks.figures()[0].longest == 3


def test_a_match_without_a_forecast_makes_a_run_longer_and_no_less_likely() -> None:
    streaks = Streaks(TEAM_STREAKS)
    streaks.learn((True,) * 6, (0.5,) * 6)
    streaks.learn((True,) * 6, None)
    assert all(told.current == 2 for told in streaks.figures())
    assert all(told.current_chance == pytest.approx(0.5, rel=0.01) for told in streaks.figures())


def test_without_any_forecast_no_run_is_called_unusual() -> None:
    streaks = Streaks(TEAM_STREAKS)
    for _ in range(40):
        streaks.learn((True,) * 6, None)
    assert {told.longest_chance for told in streaks.figures()} == {1.0}


def exactly(length: int, matches: int, chance: float) -> float:
    """The chance of a run, by going through every way in which the matches can end."""
    total = 0.0
    for path in product((True, False), repeat=matches):
        if any(fact and len(list(group)) >= length for fact, group in groupby(path)):
            wins = sum(path)
            total += chance**wins * (1.0 - chance) ** (matches - wins)
    return total


@pytest.mark.parametrize(("length", "chance"), [(3, 0.2), (4, 0.3), (5, 0.5), (6, 0.7), (8, 0.5), (12, 0.9)])
def test_the_chance_of_the_longest_run_is_nearly_the_exact_one(length: int, chance: float) -> None:
    assert chance_of_run(length, 12, chance) == pytest.approx(exactly(length, 12, chance), abs=0.02)


def test_the_chance_of_a_run_over_many_matches_is_what_simulation_says() -> None:
    rng = random.Random(3)
    found = 0
    for _ in range(2_000):
        run = longest = 0
        for _ in range(300):
            run = run + 1 if rng.random() < 0.5 else 0
            longest = max(longest, run)
        found += longest >= 9
    assert chance_of_run(9, 300, 0.5) == pytest.approx(found / 2_000, abs=0.03)


@given(st.integers(0, 50), st.integers(0, 500), st.floats(0.0, 1.0))
def test_a_chance_is_a_chance(length: int, matches: int, chance: float) -> None:
    assert 0.0 <= chance_of_run(length, matches, chance) <= 1.0 + 1e-12


def test_no_run_is_certain_and_one_longer_than_all_matches_cannot_be() -> None:
    assert chance_of_run(0, 10, 0.3) == 1.0
    assert chance_of_run(11, 10, 0.3) == 0.0
