from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice

import pytest

from stream_app.contracts import decode, parse
from stream_app.durability.future import refuse_the_future
from stream_app.errors import InvalidInput
from stream_app.events import Features, Result
from stream_app.partitioning import partition_of
from stream_app.settings import load
from stream_app.topics import FEATURES
from tests.chaos.traffic import DAYS_AHEAD, GOOD, KINDS_OF_POISON, Sent, poison, schedule_of, traffic

LIMIT = load().max_message_bytes
SENT_AT = datetime(2026, 1, 1, tzinfo=UTC).timestamp()


def admitted(sent: Sent, partitions: int) -> bool:
    """Whether the service's own door and the partition of the message let it in."""
    try:
        event = parse(sent.topic, sent.key, sent.value, max_bytes=LIMIT)
        refuse_the_future(event, SENT_AT, timedelta(days=DAYS_AHEAD))
    except InvalidInput:
        return False
    return sent.partition in (None, partition_of(event.competition.encode(), partitions))


@pytest.fixture(scope="module")
def messages() -> list[Sent]:
    return list(islice(traffic([f"league-{number}" for number in range(6)], seed=1, partitions=4), 12_000))


@pytest.mark.parametrize("kind", KINDS_OF_POISON)
def test_every_kind_of_poison_is_refused_in_features_and_in_results(kind: str) -> None:
    for event in islice(schedule_of("alpha", 1), 12):
        assert not admitted(poison(event, kind, 4), 4)


def test_exactly_what_was_made_good_is_admitted(messages: list[Sent]) -> None:
    assert [sent.made for sent in messages if admitted(sent, 4) != (sent.made == GOOD)] == []
    assert {sent.made for sent in messages} == {GOOD, *KINDS_OF_POISON}


def test_the_same_seed_sends_the_same(messages: list[Sent]) -> None:
    again = traffic([f"league-{number}" for number in range(6)], seed=1, partitions=4)
    assert list(islice(again, 500)) == messages[:500]


def test_everything_that_can_go_wrong_with_a_feed_is_in_it(messages: list[Sent]) -> None:
    good = [sent for sent in messages if sent.made == GOOD]
    assert len({(sent.topic, sent.value) for sent in good}) < len(good), "duplicates"
    newest: dict[str, Features] = {}
    over: set[str] = set()
    seen: set[str] = set()
    for sent in good:
        event = decode("features" if sent.topic == FEATURES else "result", sent.value or b"")
        if isinstance(event, Features):
            known = newest.setdefault(event.match_id, event)
            if event.as_of > known.as_of:
                seen.add("revision")
                newest[event.match_id] = event
            if event.as_of < known.as_of:
                seen.add("older as_of")
            if event.match_id in over:
                seen.add("late features")
        elif isinstance(event, Result):
            over.add(event.match_id)
            seen.add(event.status)
            if event.match_id not in newest:
                seen.add("no features")
    assert seen >= {"revision", "older as_of", "late features", "no features"}
    assert seen >= {"final", "corrected", "postponed", "abandoned"}
