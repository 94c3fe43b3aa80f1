"""Matches that are over, as a league keeps them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from stream_app.events import OUTCOMES, Alias, EvaluationStatus, Probabilities, ResultStatus
from stream_app.league.fixture import Fixture, Given, Sealed, State
from stream_app.league.settled import NOBODY, settled, unsettled
from stream_app.ratings import Match

times = st.datetimes(min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30), timezones=st.just(UTC))  # noqa: DTZ001  zones are drawn beside
ids = st.uuids(version=5).map(str)
names = st.text(max_size=5)
counts = st.integers(min_value=0, max_value=2**32 - 1)
goals = st.integers(min_value=0, max_value=99)
shares = st.floats(min_value=1e-300, max_value=1.0, exclude_max=True)
forecasts = st.lists(
    st.builds(
        Given,
        names,
        counts,
        st.sampled_from(get_args(Alias)),
        st.builds(Probabilities, shares, shares, shares),
        st.booleans(),
    ),
    max_size=7,
).map(tuple)
matches = st.builds(Match, names, times, names, names, st.booleans(), st.booleans())
fixtures = st.builds(
    Fixture,
    names,
    times,
    st.none() | times,
    times,
    state=st.sampled_from(get_args(State)),
    revisions=counts,
    as_of=st.none() | times,
    sealed=st.none() | st.builds(Sealed, ids, matches, times, forecasts, forecasts),
    heard=st.lists(
        st.tuples(times, st.sampled_from(get_args(ResultStatus)), st.none() | goals, st.none() | goals), max_size=4
    ),
    rank=st.none() | st.tuples(times, st.booleans()),
    goals=st.none() | st.tuples(goals, goals),
    evaluations=counts,
    evaluation_id=st.none() | ids,
    verdict=st.none() | st.sampled_from(get_args(EvaluationStatus)),
    scored=st.none() | st.sampled_from(OUTCOMES),
    counted=st.integers(min_value=0, max_value=2**62),
    learned=st.booleans(),
)


@given(fixtures)
def test_a_match_that_is_kept_small_comes_back_as_it_was(fixture: Fixture) -> None:
    assert unsettled(fixture.match_id, settled(fixture, NOBODY)) == fixture


def test_matches_that_the_same_models_foretold_share_the_list_of_them() -> None:
    kickoff = datetime(2044, 8, 20, 14, tzinfo=UTC)
    given = (Given("match_model_v1", 1, "champion", Probabilities(0.5, 0.3, 0.2)),)
    lineup = NOBODY
    kept = []
    for number in range(2):
        at = kickoff + timedelta(days=number)
        sealed = Sealed(f"00000000-0000-5000-8000-00000000000{number}", Match("2044", at, "a", "b"), at, given)
        kept.append(settled(Fixture(f"m{number}", at, None, at, sealed=sealed), lineup))
        lineup = kept[-1][3]
    first, second = kept
    assert first[3] is second[3]
    assert len(first[4]) < 200
