from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from statistics import correlation, mean

import pytest

from stream_app.contracts import encode, event_time, parse
from stream_app.errors import InvalidInput
from stream_app.events import Features, Result
from stream_app.feeds.virtual import Defect, Knobs, Machine, matches, pairs
from stream_app.topics import FEATURES, INPUT_MAX_BYTES, RESULTS

SMALL = Knobs(leagues=2, teams=6, rounds=30)


def goals(knobs: Knobs) -> list[int]:
    results = [event for event in matches(knobs) if isinstance(event, Result)]
    return [(event.home_goals or 0) + (event.away_goals or 0) for event in results]


@pytest.mark.parametrize("teams", [2, 4, 6, 16])
def test_everybody_receives_everybody_once_in_a_season(teams: int) -> None:
    rounds = [pairs(teams, number) for number in range(2 * (teams - 1))]
    assert all(sorted(team for pair in played for team in pair) == list(range(teams)) for played in rounds)
    assert Counter(pair for played in rounds for pair in played) == {
        (home, away): 1 for home in range(teams) for away in range(teams) if home != away
    }
    assert pairs(teams, 2 * (teams - 1)) == rounds[0]


def test_its_messages_are_as_the_schemas_say_and_in_order() -> None:
    events = list(matches(SMALL))
    assert len(events) == 2 * SMALL.matches == 2 * 2 * 30 * 3
    for event in events:
        topic = FEATURES if isinstance(event, Features) else RESULTS
        assert parse(topic, event.competition.encode(), encode(event), max_bytes=INPUT_MAX_BYTES) == event
    assert all(event_time(one) <= event_time(other) for one, other in pairwise(events))
    assert Counter(event.season for event in events)["season-3"] == 2 * 2 * 10 * 3


def test_the_seed_decides_everything() -> None:
    assert list(matches(SMALL)) == list(matches(SMALL))
    assert list(matches(SMALL)) != list(matches(replace(SMALL, seed=2)))


def test_home_ground_is_worth_something_and_odds_are_honest_but_for_the_margin() -> None:
    events = list(matches(Knobs(leagues=20, rounds=100)))
    odds = {event.match_id: event.features for event in events if isinstance(event, Features)}
    results = [event for event in events if isinstance(event, Result)]
    won = mean((event.home_goals or 0) > (event.away_goals or 0) for event in results)
    forecast = []
    for given in odds.values():
        assert given is not None
        shares = [1 / given[name] for name in ("odds_home", "odds_draw", "odds_away")]
        # The shortest odds are a little longer than the margin would have them.
        assert 1.0 < sum(shares) < 1.06
        forecast.append(shares[0] / sum(shares))
    # 16,000 matches: the share of home wins has a standard error of 0.004.
    assert won == pytest.approx(mean(forecast), abs=0.016)
    assert won > 0.4


def test_without_odds_there_are_no_features() -> None:
    assert all(event.features is None for event in matches(replace(SMALL, odds=False)) if isinstance(event, Features))


def test_late_messages_come_out_of_order_and_none_is_missing() -> None:
    late = replace(SMALL, lateness=timedelta(minutes=10))
    events = list(matches(late))
    assert sorted(map(encode, events)) == sorted(map(encode, matches(SMALL)))
    assert any(event_time(one) > event_time(other) for one, other in pairwise(events))


def test_strengths_drift_and_keep_their_spread() -> None:
    def home_odds(drift: float, number: int) -> list[float]:
        knobs = Knobs(leagues=60, teams=4, rounds=number + 1, drift=drift)
        rounds = [event for event in matches(knobs) if isinstance(event, Features)]
        found = [event.features for event in rounds if f":{number:06}:" in event.match_id]
        return [math.log(given["odds_home"]) for given in found if given]

    # After a whole season the same pairs meet again.
    assert home_odds(0.0, 0) == home_odds(0.0, 6)
    assert correlation(home_odds(0.5, 0), home_odds(0.5, 6)) < 0.4
    spread = [max(odds) - min(odds) for odds in (home_odds(0.0, 30), home_odds(0.5, 30))]
    assert spread[1] == pytest.approx(spread[0], rel=0.5)


def numbers(defect: Defect, rate: float = 0.2, n: int = 4000) -> list[float]:
    machine = Machine("seed", defect, rate)
    machine.is_failing = True
    return [machine.random() for _ in range(n)]


def test_a_machine_fails_in_the_way_that_was_asked_for() -> None:
    sound = numbers("none")
    assert abs(correlation(sound[1:], sound[:-1])) < 0.05
    repeated = numbers("repeats")
    assert mean(one == other for one, other in pairwise(repeated)) == pytest.approx(0.2, abs=0.03)
    cycle = numbers("cycle")
    assert cycle == cycle[:5] * 800
    assert mean(numbers("bias")) == pytest.approx(0.5 + 0.2 / 6, abs=0.015)
    assert all(0.0 <= number < 1.0 for number in sound + repeated + cycle)


def test_a_defect_sets_in_with_its_round() -> None:
    sound, failing = goals(SMALL), goals(replace(SMALL, defect="bias", defect_rate=1.0, defect_from=15))
    half = len(sound) // 2
    assert sound[:half] == failing[:half]
    assert mean(failing[half:]) > mean(sound[half:]) + 0.5


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"teams": 5}, "teams 5: wanted an even number"),
        ({"leagues": 0}, "leagues 0: wanted 1 or more"),
        ({"defect": "dice"}, "defect 'dice': wanted one of none, repeats, cycle, bias"),
        ({"defect_rate": 0.0}, "defect rate 0.0"),
        ({"drift": 1.5}, "drift 1.5"),
        ({"every": timedelta(0)}, "wanted more than 0"),
    ],
)
def test_knobs_have_their_ranges(wrong: dict[str, object], reason: str) -> None:
    with pytest.raises(InvalidInput, match=reason):
        Knobs(**wrong)  # type: ignore[arg-type]  # wrong values are the point
