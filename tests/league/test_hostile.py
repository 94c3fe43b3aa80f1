"""Numbers from upstream that are absurd, many, or come and go: answers stay answers, and nobody is poisoned."""

from __future__ import annotations

import math
import pickle

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from stream_app import schemas
from stream_app.contracts import encode
from stream_app.events import LeagueConfig, Prediction
from tests.league.story import features, new_league, result, tell

CONFIG = LeagueConfig(cold_matches=0)

NUMBERS = st.sampled_from((0.0, -0.0, 1.0, 1e-320, 1e12, -1e15, 1e300, -1e308)) | st.floats(-5, 5)
NAMES = st.sampled_from(("form", "shots", "odds_home", "odds_draw", "odds_away", "AvgH", "vote:base_rate:H", "neutral"))
UPSTREAM = st.none() | st.dictionaries(NAMES, NUMBERS, max_size=8)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(UPSTREAM, st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=12))
def test_every_answer_is_fair_and_writable_whatever_upstream_sends(
    matches: list[tuple[dict[str, float] | None, int, int]],
) -> None:
    league = new_league(CONFIG)
    for day, (numbers, home_goals, away_goals) in enumerate(matches):
        outputs = tell(
            league,
            features(f"m{day}", day=day, home="a", away="b", features=numbers),
            result(f"m{day}", (home_goals, away_goals), day=day, home="a", away="b"),
        )
        prediction = outputs[0]
        assert isinstance(prediction, Prediction)
        schemas.validator("predictions").validate(orjson.loads(encode(prediction)))
        assert len(prediction.models) == len(CONFIG.models)
        for line in prediction.models:
            given_to = (line.probabilities.H, line.probabilities.D, line.probabilities.A)
            assert all(0.0 < probability < 1.0 for probability in given_to)
            assert abs(math.fsum(given_to) - 1.0) < 1e-9
            assert line.status != "blocked"


def test_a_thousand_numbers_from_upstream_leave_no_more_behind_than_a_few_dozen() -> None:
    sizes = []
    for names in (40, 1000):
        league = new_league(CONFIG)
        for day in range(12):
            numbers = {f"number {name:04}": float(name * day) for name in range(names)}
            tell(league, features(f"m{day}", day=day, features=numbers), result(f"m{day}", day=day))
        assert league.fixtures.awaited == 0
        sizes.append(len(pickle.dumps(league)))
    assert sizes[1] < 1.1 * sizes[0]


def test_numbers_of_one_competition_never_reach_another() -> None:
    quiet, noisy = new_league(CONFIG), new_league(CONFIG)
    for day in range(10):
        tell(noisy, features(f"m{day}", day=day, features={"form": 1e6 * day}), result(f"m{day}", day=day))
        tell(quiet, features(f"m{day}", day=day), result(f"m{day}", day=day))
    assert b"x:form" in pickle.dumps(noisy)
    assert b"x:form" not in pickle.dumps(quiet)
