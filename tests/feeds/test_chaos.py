from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream_app.contracts import encode
from stream_app.errors import InvalidInput
from stream_app.events import Configure, Features, LeagueConfig, Output, Result
from stream_app.feeds.chaos import SOME, Chaos, parse, stir
from stream_app.feeds.schedule import schedule
from stream_app.league import League
from tests.support.matches import played

EVENTS = list(schedule(played("a", 60)))
SHARES = st.floats(0.0, 1.0)


@settings(deadline=None, max_examples=30)
@given(st.builds(Chaos, delays=SHARES, duplicates=SHARES, disorder=SHARES, corrections=SHARES, seed=st.integers(0)))
def test_whatever_happens_every_match_is_told_of_and_ends_as_it_did(chaos: Chaos) -> None:
    stirred = list(stir(EVENTS, chaos))
    features = {encode(event) for event in stirred if isinstance(event, Features)}
    assert features == {encode(event) for event in EVENTS if isinstance(event, Features)}
    last: dict[str, Result] = {}
    for event in stirred:
        if isinstance(event, Result) and (event.match_id not in last or event.status == "corrected"):
            last[event.match_id] = event
    scores = {event.match_id: (event.home_goals, event.away_goals) for event in last.values()}
    assert scores == {
        event.match_id: (event.home_goals, event.away_goals) for event in EVENTS if isinstance(event, Result)
    }


def test_no_chaos_changes_nothing() -> None:
    assert list(stir(EVENTS, Chaos())) == EVENTS


def test_the_same_seed_makes_the_same_trouble_and_another_one_other() -> None:
    assert list(stir(EVENTS, SOME)) == list(stir(EVENTS, SOME))
    assert list(stir(EVENTS, SOME)) != list(stir(EVENTS, replace(SOME, seed=2)))


@pytest.mark.parametrize(
    ("chaos", "what"),
    [
        (Chaos(duplicates=1.0), "every message comes twice"),
        (Chaos(corrections=1.0), "every result comes twice"),
    ],
)
def test_a_share_of_one_is_everything(chaos: Chaos, what: str) -> None:
    stirred = list(stir(EVENTS, chaos))
    results = Counter(event.match_id for event in stirred if isinstance(event, Result))
    assert set(results.values()) == {2}, what
    if chaos.corrections:
        wrong = [event for event in stirred if isinstance(event, Result) and event.status == "final"]
        right = {event.match_id: event for event in EVENTS if isinstance(event, Result)}
        assert all(
            (event.home_goals, event.away_goals) != (right[event.match_id].home_goals, right[event.match_id].away_goals)
            for event in wrong
        )


def test_delays_let_features_come_after_their_result() -> None:
    told: set[str] = set()
    late = 0
    for event in stir(EVENTS, Chaos(delays=0.5)):
        if isinstance(event, Result):
            told.add(event.match_id)
        else:
            late += event.match_id in told
    assert late > 0


def test_duplicates_change_nothing_of_what_a_league_says() -> None:
    def after(events: list[Features | Result]) -> list[bytes]:
        said: list[Output] = []
        league = League("a")
        league.configure(Configure("a", LeagueConfig(models=("base_rate",))))
        for event in events:
            said += league.predict(event) if isinstance(event, Features) else league.learn(event)
        return [encode(message) for message in (*said, league.scoreboard())]

    assert after(list(stir(EVENTS, Chaos(duplicates=0.5)))) == after(EVENTS)


@pytest.mark.parametrize(
    ("text", "chaos"),
    [("some", SOME), ("delays=0.1,seed=7", Chaos(delays=0.1, seed=7)), ("disorder=1", Chaos(disorder=1.0))],
)
def test_it_is_said_in_words(text: str, chaos: Chaos) -> None:
    assert parse(text) == chaos


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("much", "chaos 'much': wanted `some`, or NAME=SHARE with a name of delays, duplicates"),
        ("delays=2", "chaos delays=2: wanted a share from 0 to 1"),
        ("delays=nan", "wanted a share from 0 to 1"),
        ("seed=x", "chaos seed=x: wanted a whole number"),
        ("", "chaos ''"),
    ],
)
def test_wrong_words_are_told(text: str, reason: str) -> None:
    with pytest.raises(InvalidInput, match=reason):
        parse(text)
