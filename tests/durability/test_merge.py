from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from stream_app.durability.merge import EventTimeMerge

START = datetime(1963, 8, 24, tzinfo=UTC)


def at(minutes: int) -> datetime:
    return START + timedelta(minutes=minutes)


def merge(idle: float = 3.0) -> EventTimeMerge[str]:
    return EventTimeMerge(("features", "results"), idle=idle, patience=1.0, now=0.0)


def nothing_at_end(_source: str, _since: float) -> bool:
    return False


def all_at_end(_source: str, _since: float) -> bool:
    return True


def drain(merged: EventTimeMerge[str], now: float = 0.0) -> list[str]:
    taken: list[str] = []
    while (item := merged.take(all_at_end, now=now)) is not None:
        taken.append(item[1])
    return taken


def test_messages_of_two_inputs_come_out_by_event_time() -> None:
    merged = merge()
    for minute in (0, 30, 60):
        merged.offer("features", at(minute), f"f{minute}", now=0.0)
    for minute in (10, 40, 50):
        merged.offer("results", at(minute), f"r{minute}", now=0.0)

    assert drain(merged) == ["f0", "r10", "f30", "r40", "r50", "f60"]


def test_at_the_same_event_time_the_first_input_goes_first() -> None:
    merged = merge()
    merged.offer("results", at(5), "result", now=0.0)
    merged.offer("features", at(5), "features", now=0.0)

    assert drain(merged) == ["features", "result"]


def test_an_input_whose_messages_are_on_their_way_is_waited_for_however_long_they_take() -> None:
    merged = merge(idle=3.0)
    merged.offer("results", at(5), "r5", now=0.0)
    for moment in (2.0, 4.0, 6.0):
        merged.comes("features", moment)
        assert merged.take(nothing_at_end, now=moment + 1.9) is None
    merged.offer("features", at(0), "f0", now=8.0)
    assert drain(merged, now=8.0) == ["f0", "r5"]


def test_an_empty_input_that_is_not_at_its_end_is_waited_for() -> None:
    merged = merge(idle=3.0)
    merged.offer("features", at(0), "f0", now=0.0)

    assert merged.take(nothing_at_end, now=2.9) is None


def test_an_input_that_gives_nothing_is_waited_for_no_longer_than_the_idle_time() -> None:
    merged = merge(idle=3.0)
    merged.offer("features", at(0), "f0", now=0.0)

    assert merged.take(nothing_at_end, now=3.0) == ("features", "f0")


def test_an_input_at_its_end_holds_the_other_one_up_not_at_all() -> None:
    merged = merge(idle=3.0)
    merged.offer("features", at(0), "f0", now=0.0)

    assert merged.take(lambda source, _: source == "results", now=0.0) == ("features", "f0")


def at_end_at(moment: float) -> Callable[[str, float], bool]:
    return lambda _, since: moment > since


def test_a_message_of_a_replay_waits_until_the_other_input_was_seen_at_its_end_after_it_came() -> None:
    merged = merge()
    merged.offer("features", at(0), "f0", now=5.0)

    assert merged.take(at_end_at(4.9), now=5.0) is None
    assert merged.take(at_end_at(5.1), now=5.2) == ("features", "f0")


def test_a_message_that_happened_just_now_goes_on_when_the_other_input_was_at_its_end_a_moment_ago() -> None:
    merged = merge()
    merged.offer("features", at(0), "f0", now=5.0, live=True)

    assert merged.take(at_end_at(4.9), now=5.0) == ("features", "f0")


def test_a_late_result_that_comes_while_features_wait_goes_first() -> None:
    merged = merge()
    merged.offer("features", at(60), "f60", now=5.0)
    assert merged.take(nothing_at_end, now=5.0) is None
    merged.offer("results", at(45), "r45", now=5.1)

    assert drain(merged, now=5.2) == ["r45", "f60"]


def test_a_bulk_load_of_old_results_holds_a_live_message_up_no_longer_than_its_patience() -> None:
    merged = merge()
    for minute in range(3):
        merged.offer("results", at(minute), f"r{minute}", now=0.0)
    merged.offer("features", at(9_999), "live", now=0.0, live=True)

    assert merged.take(all_at_end, now=0.9) == ("results", "r0")
    assert merged.take(all_at_end, now=1.0) == ("features", "live")
    assert merged.take(all_at_end, now=1.0) == ("results", "r1")


def test_a_message_of_a_replay_waits_for_older_ones_however_long_that_takes() -> None:
    merged = merge()
    merged.offer("results", at(0), "r0", now=0.0)
    merged.offer("features", at(9), "f9", now=0.0)

    assert drain(merged, now=1_000.0) == ["r0", "f9"]


def test_nothing_waiting_means_nothing_to_take() -> None:
    assert merge().take(all_at_end, now=10.0) is None


@given(
    features=st.lists(st.integers(0, 500), max_size=40).map(sorted),
    results=st.lists(st.integers(0, 500), max_size=40).map(sorted),
)
def test_ordered_inputs_with_a_backlog_come_out_without_an_inversion_and_complete(
    features: list[int], results: list[int]
) -> None:
    merged = merge()
    for minute in features:
        merged.offer("features", at(minute), f"f{minute}", now=0.0)
    for minute in results:
        merged.offer("results", at(minute), f"r{minute}", now=0.0)

    taken = drain(merged)

    assert [int(name[1:]) for name in taken] == sorted(features + results)
    assert [name for name in taken if name[0] == "f"] == [f"f{minute}" for minute in features]


@given(minutes=st.lists(st.integers(0, 500), min_size=1, max_size=40))
def test_each_input_keeps_its_own_order_whatever_its_event_times_say(minutes: list[int]) -> None:
    merged = merge()
    for number, minute in enumerate(minutes):
        merged.offer("features", at(minute), str(number), now=0.0)

    assert drain(merged) == [str(number) for number in range(len(minutes))]
