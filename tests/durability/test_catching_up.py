from __future__ import annotations

from stream_app.durability.catching_up import NEWS_S, CatchingUp


def told(behind: CatchingUp, partition: int, count: int, now: float) -> list[str]:
    """What it says while `count` entries of `partition` are applied, all at `now`."""
    return [line for _ in range(count) if (line := behind.news(partition, now))]


def test_a_worker_that_is_behind_says_when_it_has_caught_up_and_how_long_it_took() -> None:
    behind = CatchingUp()
    behind.begin(0, 10, now=100.0)
    behind.begin(1, 5, now=100.0)

    assert told(behind, 0, 10, now=100.1) == []
    assert told(behind, 1, 5, now=101.5) == ["caught up: 15 log entries in 1.5 s"]
    assert told(behind, 1, 5, now=102.0) == []


def test_when_it_takes_long_it_tells_how_far_it_is() -> None:
    behind = CatchingUp()
    behind.begin(0, 1_000, now=0.0)

    assert told(behind, 0, 100, now=NEWS_S - 0.1) == []
    assert told(behind, 0, 100, now=NEWS_S) == ["catching up: 101 of 1,000 log entries"]


def test_a_worker_that_starts_at_the_end_has_nothing_to_tell() -> None:
    behind = CatchingUp()
    behind.begin(0, 0, now=0.0)

    assert told(behind, 0, 10, now=9.0) == []


def test_partitions_that_were_taken_away_are_not_waited_for() -> None:
    behind = CatchingUp()
    behind.begin(0, 10, now=0.0)
    behind.clear()
    behind.begin(1, 2, now=5.0)

    assert told(behind, 1, 2, now=5.5) == ["caught up: 2 log entries in 0.5 s"]
