from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import get_args

import pytest

from stream_app.contracts import KIND_OF_TOPIC, decode, parse
from stream_app.durability.artefact import refusal_of
from stream_app.durability.future import refuse_the_future
from stream_app.errors import InvalidInput
from stream_app.events import Action, Features, Result
from stream_app.partitioning import partition_of
from stream_app.settings import load
from stream_app.topics import MODEL_COMMANDS
from tests.chaos.asking import SIGNING_KEY, Asking
from tests.chaos.poison import KINDS_OF_COMMANDS, KINDS_OF_FEEDS, poison
from tests.chaos.sent import FORGED, GOOD, Sent
from tests.chaos.traffic import DAYS_AHEAD, schedule_of, traffic

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


@pytest.mark.parametrize("kind", KINDS_OF_FEEDS)
def test_every_kind_of_poison_is_refused_in_features_and_in_results(kind: str) -> None:
    for event in islice(schedule_of("alpha", 1), 12):
        assert not admitted(poison(event, kind, 4), 4)


@pytest.mark.parametrize("kind", KINDS_OF_COMMANDS)
def test_every_kind_of_poison_is_refused_in_commands(kind: str) -> None:
    asking = Asking("alpha", 1)
    for _ in range(30):
        assert not admitted(poison(asking.at(datetime(2026, 1, 1, tzinfo=UTC)).command, kind, 4), 4)


def test_exactly_what_was_made_good_is_admitted(messages: list[Sent]) -> None:
    assert [sent.made for sent in messages if admitted(sent, 4) != (sent.made in (GOOD, FORGED))] == []
    assert {sent.made for sent in messages if sent.topic != MODEL_COMMANDS} == {GOOD, *KINDS_OF_FEEDS}


def test_exactly_the_forged_commands_are_refused_at_the_door() -> None:
    asking = Asking("alpha", 1)
    asked = [asking.at(datetime(2026, 1, 1, tzinfo=UTC)) for _ in range(200)]
    assert [it.forged for it in asked] == [refusal_of(it.command, SIGNING_KEY) is not None for it in asked]
    assert any(it.forged for it in asked)


def test_everything_can_be_asked_and_some_of_it_more_than_once() -> None:
    asking = Asking("alpha", 1)
    commands = [asking.at(datetime(2026, 1, 1, tzinfo=UTC)).command for _ in range(400)]
    assert {it.action for it in commands} == set(get_args(Action))
    ids = [it.command_id for it in commands]
    again = {it for it in ids if ids.count(it) > 1}
    changed = {it for it in again if len({one.action for one in commands if one.command_id == it}) > 1}
    assert again - changed, "the same command again"
    assert changed, "another command under an id that is taken"


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
        event = decode(KIND_OF_TOPIC[sent.topic], sent.value or b"")
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
