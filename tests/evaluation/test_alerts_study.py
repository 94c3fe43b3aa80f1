"""The study of alerts in short: fewer false ones than a plain rule, and real faults found."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from tests.studies.alerts import FAULTS, Bare, Ours, Real, Rule, compare, cross, kept_share


def made_up(matches: int) -> Real:
    """Forecasts like those of a league, with outcomes as they say."""
    random = np.random.default_rng(3)
    said = random.dirichlet((8.0, 4.0, 3.4), matches)
    outcomes = np.array([random.choice(3, p=p) for p in said])
    return Real(said, outcomes, [f"team {n % 18}" for n in range(matches)])


def test_alerts_are_hardly_ever_false_and_find_what_is_wrong() -> None:
    rules: dict[str, Callable[[], Rule]] = {"ours": Ours, "bare": lambda: Bare(0.05)}
    ours, bare = compare(made_up(2_000), 4, 2_000, rules, at_most=600, starts=(1_000, 1_200))
    assert ours.simulated < bare.simulated / 8
    assert bare.simulated > 2.0
    assert bare.bundesliga > 1.0 > ours.bundesliga
    delay = ours.delays_simulated["weights x 1.7"]
    assert not isinstance(delay, str)
    assert delay < 300
    assert set(ours.delays_simulated) == set(ours.delays_bundesliga) == set(FAULTS)


def test_a_third_of_the_skill_is_lost_as_it_is_said_to_be() -> None:
    pool = made_up(500).said
    rates = pool.mean(axis=0)
    share = kept_share(pool, rates)
    true = share * pool + (1.0 - share) * rates
    of_rates = cross(rates, rates)
    skill = [1.0 - cross(truth, pool) / of_rates for truth in (pool, true)]
    assert skill[1] == pytest.approx(skill[0] * 2.0 / 3.0)
