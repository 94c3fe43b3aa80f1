from __future__ import annotations

from collections.abc import Iterator

import pytest

from stream_app.errors import InvalidInput
from stream_app.events import Features, Result
from stream_app.feeds.replay import pace, replay
from stream_app.feeds.schedule import schedule
from tests.support.matches import played


class Recorder:
    """A sink that remembers what it was given; `now` is its time, which only waiting moves, and `slow_s` a message."""

    def __init__(self, slow_s: float = 0.0) -> None:
        self.taken: list[tuple[float, Features | Result]] = []
        self.flushed = False
        self.now = 100.0
        self._slow_s = slow_s

    async def send(self, event: Features | Result) -> None:
        self.taken.append((self.now, event))
        self.now += self._slow_s

    async def flush(self) -> None:
        self.flushed = True

    async def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.now += seconds


def nothing(_event: Features | Result) -> None:
    pass


async def test_all_events_are_sent_in_order_and_have_arrived_at_the_end() -> None:
    events = list(schedule(played("a", 20)))
    sink, told = Recorder(), list[Features | Result]()
    await replay(events, sink, on_sent=told.append)
    assert [event for _, event in sink.taken] == events == told
    assert sink.flushed


async def test_events_are_taken_only_as_they_are_sent() -> None:
    sink = Recorder()

    def watched() -> Iterator[Features | Result]:
        for number, event in enumerate(schedule(played("a", 20))):
            assert len(sink.taken) == number
            yield event

    await replay(watched(), sink, on_sent=nothing)
    assert len(sink.taken) == 40


async def test_a_pace_spreads_two_messages_a_match_evenly() -> None:
    sink = Recorder()
    events = schedule(played("a", 3))
    await replay(events, sink, matches_a_second=5, on_sent=nothing, clock=lambda: sink.now, sleep=sink.sleep)
    assert [time - 100.0 for time, _ in sink.taken] == pytest.approx([0.0, 0.1, 0.2, 0.3, 0.4, 0.5])


async def test_a_slow_sink_is_not_paused_for_as_well() -> None:
    sink = Recorder(slow_s=0.3)
    events = schedule(played("a", 2))
    await replay(events, sink, matches_a_second=5, on_sent=nothing, clock=lambda: sink.now, sleep=sink.sleep)
    assert [time - 100.0 for time, _ in sink.taken] == pytest.approx([0.0, 0.3, 0.6, 0.9])


async def test_events_are_sent_when_they_are_due_and_never_out_of_their_turn() -> None:
    sink = Recorder()
    seconds = iter([0.0, 5.0, 3.0, 9.0])
    events = schedule(played("a", 2))
    await replay(events, sink, due=lambda _: next(seconds), on_sent=nothing, clock=lambda: sink.now, sleep=sink.sleep)
    assert [time - 100.0 for time, _ in sink.taken] == pytest.approx([0.0, 5.0, 5.0, 9.0])


@pytest.mark.parametrize(("text", "matches_a_second"), [("max", None), ("10", 10.0), ("0.5", 0.5), ("1e3", 1000.0)])
def test_a_speed_is_max_or_matches_a_second(text: str, matches_a_second: float | None) -> None:
    assert pace(text) == matches_a_second


@pytest.mark.parametrize("text", ["0", "-1", "fast", "", "nan", "inf"])
def test_any_other_speed_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match=rf"speed '{text}': wanted `max`, or a number of matches a second above 0"):
        pace(text)
