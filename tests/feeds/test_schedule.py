"""The order in which a replay tells of past matches."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from stream_app.events import Features
from stream_app.feeds.datasets import PlayedMatch
from stream_app.feeds.schedule import FEATURES_BEFORE_KICKOFF, RESULT_AFTER_KICKOFF, merge_key, schedule

SATURDAY = datetime(2024, 3, 2, 15, 30, tzinfo=UTC)


def match(name: str, kickoff: datetime) -> PlayedMatch:
    return PlayedMatch(name, "cup", "2024", kickoff, f"{name} home", f"{name} away", 2, 1, features={"form": 0.5})


# Minutes between kickoffs such that features of one match and results of another fall on the same moment, too.
KICKOFFS = st.lists(st.sampled_from((0, 0, 45, 105, 165, 60, 10_000)), max_size=20)


@given(KICKOFFS)
def test_events_come_in_the_order_of_their_time_features_before_results_then_as_given(minutes: list[int]) -> None:
    matches = [match(f"m{place}", SATURDAY + timedelta(minutes=later)) for place, later in enumerate(minutes)]
    expected = [
        (time, rank, place)
        for place, played in enumerate(matches)
        for rank, time in enumerate((played.kickoff - timedelta(minutes=60), played.kickoff + timedelta(minutes=105)))
    ]
    events = list(schedule(matches))
    assert [(*merge_key(event), int(event.match_id[1:])) for event in events] == sorted(expected)


def test_matches_of_the_same_kickoff_are_all_told_of_before_one_of_them_ends() -> None:
    kinds = [type(event).__name__ for event in schedule([match("a", SATURDAY), match("b", SATURDAY)])]
    assert kinds == ["Features", "Features", "Result", "Result"]


def test_an_event_says_what_the_match_was() -> None:
    played = match("a", SATURDAY)
    told, ended = schedule([played])
    assert isinstance(told, Features)
    assert not isinstance(ended, Features)
    for event in (told, ended):
        for name in ("match_id", "competition", "season", "kickoff", "home", "away", "neutral", "importance"):
            assert getattr(event, name) == getattr(played, name)
    assert (told.as_of, told.features) == (SATURDAY - FEATURES_BEFORE_KICKOFF, {"form": 0.5})
    assert (ended.finished_at, ended.status) == (SATURDAY + RESULT_AFTER_KICKOFF, "final")
    assert (ended.home_goals, ended.away_goals) == (2, 1)
