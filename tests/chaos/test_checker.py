"""The checker, on the records of a service that did everything right, and with one fault planted in them."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from dataclasses import replace
from itertools import chain

import orjson
import pytest
import zstandard

from stream_app.durability.book import Book
from stream_app.durability.snapshot import SnapshotInfo, freeze, thaw
from stream_app.topic_reader import Record
from stream_app.topics import (
    ANALYTICS,
    CHECKPOINTS,
    DEAD_LETTERS,
    DECAY_ALERTS,
    EVALUATIONS,
    FEEDS,
    INPUTS,
    LOG,
    MODEL_COMMANDS,
    MODEL_EVENTS,
    PREDICTIONS,
    REGISTRY,
    SCOREBOARD,
    SNAPSHOTS,
)
from tests.chaos.asking import SIGNING_KEY
from tests.chaos.checker import Sample, Verdict, check, check_samples, moved_back
from tests.chaos.findings import Findings
from tests.chaos.fold import MADE, NUMBER
from tests.chaos.ideal import MESSAGES, Ideal, ideal
from tests.chaos.sent import FORGED, GOOD

OUTPUTS = (PREDICTIONS, EVALUATIONS, DECAY_ALERTS, MODEL_EVENTS)
COMPACTED = (SCOREBOARD, ANALYTICS, REGISTRY, SNAPSHOTS, CHECKPOINTS)


@pytest.fixture
def service(made_service: Ideal) -> Ideal:
    """A service of this test's own to do harm to."""
    own = copy.copy(made_service)
    own.topics = made_service.topics.copy()
    for topic, records in own.topics.items():
        own.topics[topic] = list(records)
    return own


async def verdict(service: Ideal, *, repeats_allowed: bool = False, every: int = 100) -> Verdict:
    return await check(service.read, signing_key=SIGNING_KEY, repeats_allowed=repeats_allowed, every=every)


def again(records: list[Record], place: int) -> None:
    """The record at `place` once more at the end of its partition."""
    copied = records[place]
    end = max(record.offset for record in records if record.partition == copied.partition) + 1
    records.append(replace(copied, offset=end))


def without(records: list[Record], place: int) -> None:
    """The record at `place` was never written, and those after it lie where they would lie then."""
    gone = records.pop(place)
    for number, record in enumerate(records):
        if record.partition == gone.partition and record.offset > gone.offset:
            records[number] = replace(record, offset=record.offset - 1)


def swapped(records: list[Record], place: int) -> None:
    """The record at `place` has changed places with the next one of its partition and origin, else competition."""

    def lane(record: Record) -> tuple[int, bytes | None]:
        headers = dict(record.headers)
        return record.partition, headers.get("topic") or headers.get("source") or record.key

    one = records[place]
    later = next(n for n in range(place + 1, len(records)) if lane(records[n]) == lane(one))
    other = records[later]
    records[place], records[later] = replace(other, offset=one.offset), replace(one, offset=other.offset)


def changed(records: list[Record], place: int) -> None:
    """The record at `place` is not what it was."""
    value = records[place].value or b""
    middle = len(value) // 2
    records[place] = replace(records[place], value=value[:middle] + b"!" + value[middle + 1 :])


def middle(records: list[Record], *, good: bool | None = None) -> int:
    """The place of a record half way, or of the next one; of an input one that was made good, or not."""
    half = len(records) // 2
    return next(
        place
        for place in chain(range(half, len(records)), range(half))
        if good is None or (dict(records[place].headers)[MADE] == GOOD.encode()) == good
    )


async def test_a_service_that_did_everything_right_is_found_to_be_so(service: Ideal) -> None:
    said = await verdict(service, every=3)
    assert said.findings.examples == {}
    assert said.holds
    assert said.events == sum(len(service.topics[topic]) for topic in INPUTS) == MESSAGES
    assert said.poison == said.dead_lettered == len(service.topics[DEAD_LETTERS]) > 6
    assert said.outputs == {topic: len(service.topics[topic]) for topic in OUTPUTS}
    assert said.outputs[PREDICTIONS] > 100
    assert said.outputs[EVALUATIONS] > 100
    assert said.outputs[DECAY_ALERTS] > 3
    assert set(said.repeats.values()) == {0}
    assert said.snapshots > 2
    assert said.commands.keys() >= {
        "handover: joined",
        "handover: refused",
        "promote: promoted",
        "promote: refused",
        "freeze: frozen",
        "unfreeze: unfrozen",
        "register: registered",
        "rollback: rolled_back",
    }


async def test_snapshots_in_pieces_are_put_together() -> None:
    service = ideal(piece_bytes=4_000)
    assert any(b"\0" in (record.key or b"") for record in service.topics[SNAPSHOTS])
    said = await verdict(service, every=3)
    assert (said.findings.examples, said.unreadable) == ({}, 0)
    assert said.snapshots > 2


@pytest.mark.parametrize("topic", [LOG, *OUTPUTS, DEAD_LETTERS, *INPUTS])
@pytest.mark.parametrize("harm", [without, changed, swapped], ids=lambda harm: harm.__name__)
async def test_a_record_that_is_gone_changed_or_out_of_order_is_found(
    topic: str, harm: Callable[[list[Record], int], None], service: Ideal
) -> None:
    records = service.topics[topic]
    harm(records, middle(records, good=True if topic in INPUTS else None))
    assert not (await verdict(service, repeats_allowed=True)).holds


@pytest.mark.parametrize("topic", [LOG, *OUTPUTS, DEAD_LETTERS])
async def test_a_record_that_came_again_is_found_where_nothing_has_died_and_counted_elsewhere(
    topic: str, service: Ideal
) -> None:
    again(service.topics[topic], middle(service.topics[topic]))
    if topic == LOG:  # a repeated entry is an entry: what was kept last has to be as of it
        repeated = await verdict(service, repeats_allowed=True)
        assert repeated.repeats[LOG] == 1
        return
    assert (await verdict(service, repeats_allowed=True)).holds
    found = await verdict(service)
    assert found.findings.counts == {"doubled": 1}
    assert found.repeats[topic] == 1


@pytest.mark.parametrize("good", [True, False])
@pytest.mark.parametrize("topic", INPUTS)
async def test_an_input_that_had_no_effect_is_lost(topic: str, good: bool, service: Ideal) -> None:
    again(service.topics[topic], middle(service.topics[topic], good=good))
    assert (await verdict(service)).findings.counts == {"lost": 1}


async def test_an_input_that_the_brokers_confirmed_and_do_not_have_is_lost(service: Ideal) -> None:
    sent = range(1, service.numbers + 1)
    assert (await check(service.read, signing_key=SIGNING_KEY, sent=sent)).holds
    found = (await check(service.read, signing_key=SIGNING_KEY, sent=[*sent, service.numbers + 5])).findings
    assert found.counts == {"lost": 1}


@pytest.mark.parametrize(
    ("topic", "good", "instead"),
    [(topic, good, instead) for topic in FEEDS for good, instead in ((True, "cut off"), (False, GOOD))]
    + [(MODEL_COMMANDS, True, "cut off"), (MODEL_COMMANDS, True, FORGED)],
)
async def test_poison_that_was_admitted_and_a_good_message_that_was_refused_are_found(
    topic: str, good: bool, instead: str, service: Ideal
) -> None:
    records = service.topics[topic]
    place = middle(records, good=good)
    records[place] = replace(records[place], headers=[(MADE, instead.encode()), (NUMBER, b"1")])
    assert not (await verdict(service)).holds


async def test_a_forged_command_that_was_admitted_is_found(service: Ideal) -> None:
    forged = next(it for it in service.topics[MODEL_COMMANDS] if dict(it.headers)[MADE] == FORGED.encode())
    log = service.topics[LOG]
    place = next(n for n, it in enumerate(log) if dict(it.headers)["kind"] == b"refusal")
    headers = [(name, b"command" if name == "kind" else value) for name, value in log[place].headers]
    log[place] = replace(log[place], value=forged.value, headers=headers)
    assert (await verdict(service)).findings.counts["differing"] > 0


async def test_a_command_that_took_effect_at_another_place_of_the_order_is_found(service: Ideal) -> None:
    told = (orjson.loads(record.value or b"") for record in service.topics[MODEL_EVENTS])
    promoted = next(it for it in told if it["kind"] == "promoted")
    log = service.topics[LOG]
    place = next(n for n, it in enumerate(log) if promoted["command_id"].encode() in (it.value or b""))
    lane = [n for n, it in enumerate(log) if it.partition == log[place].partition and n >= place][:12]
    moved = [log[n] for n in (*lane[1:], place)]
    for n, record in zip(lane, moved, strict=True):
        log[n] = replace(record, offset=log[n].offset)
    assert (await verdict(service)).findings.counts["differing"] > 0


@pytest.mark.parametrize("topic", COMPACTED)
@pytest.mark.parametrize("harm", [without, changed], ids=lambda harm: harm.__name__)
async def test_what_a_worker_keeps_is_found_to_be_gone_or_changed(
    topic: str, harm: Callable[[list[Record], int], None], service: Ideal
) -> None:
    records = service.topics[topic]
    harm(records, len(records) - 1)
    assert (await verdict(service)).findings.total >= 1


@pytest.mark.parametrize("topic", [SCOREBOARD, REGISTRY, SNAPSHOTS])
async def test_an_older_record_in_the_place_of_the_last_one_is_found(topic: str, service: Ideal) -> None:
    records = service.topics[topic]
    older = next(place for place, record in enumerate(records) if record.key == records[-1].key)
    again(records, older)
    assert (await verdict(service)).findings.total >= 1


async def test_a_message_that_was_counted_twice_shows_in_the_state(service: Ideal) -> None:
    records = service.topics[SNAPSHOTS]
    book = thaw((records[-1].value or b"")[1:], SIGNING_KEY)
    assert isinstance(book, Book)
    book.league.matches += 1
    blob = freeze(book, SnapshotInfo(book.league.competition, book.position), SIGNING_KEY)
    records[-1] = replace(records[-1], value=b"W" + blob)
    found = (await verdict(service)).findings
    assert found.counts == {"differing": 1}
    assert "not what the log says" in found.examples["differing"][0]


async def test_a_snapshot_on_the_way_that_is_wrong_is_found_as_well(service: Ideal) -> None:
    records = service.topics[SNAPSHOTS]
    book = thaw((records[2].value or b"")[1:], SIGNING_KEY)
    assert isinstance(book, Book)
    book.league.ratings = copy.deepcopy(book.league.ratings)
    book.league.counts.stale += 1
    blob = freeze(book, SnapshotInfo(book.league.competition, book.position), SIGNING_KEY)
    records[2] = replace(records[2], value=b"W" + blob)
    assert (await verdict(service, every=3)).findings.counts == {"differing": 1}


@pytest.mark.parametrize("topic", OUTPUTS)
async def test_a_message_that_nothing_leads_to_is_found(topic: str, service: Ideal) -> None:
    records = service.topics[topic]
    invented = (records[0].value or b"").replace(b'_id":"', b'_id":"0', 1)
    records.append(replace(records[0], offset=len(records), value=invented))
    assert (await verdict(service)).findings.counts["doubled"] >= 1


async def test_a_dead_letter_in_other_words_is_found(service: Ideal) -> None:
    records = service.topics[DEAD_LETTERS]
    again(records, 0)
    headers = [(name, b"of another mind" if name == "error" else value) for name, value in records[0].headers]
    records[-1] = replace(records[-1], headers=headers)
    assert (await verdict(service, repeats_allowed=True)).findings.counts == {"differing": 1}


async def test_a_checkpoint_that_leaves_out_the_end_of_the_log_is_found(service: Ideal) -> None:
    records = service.topics[CHECKPOINTS]
    content = zstandard.decompress(records[-1].value or b"").replace(b'"place":', b'"place":1')
    records[-1] = replace(records[-1], value=zstandard.compress(content))
    assert (await verdict(service)).findings.counts == {"differing": 1}


async def test_a_pickle_of_anything_else_is_no_snapshot(service: Ideal) -> None:
    records = service.topics[SNAPSHOTS]
    records[-1] = replace(records[-1], value=b"W" + pickle.dumps({}))
    found = (await verdict(service)).findings
    assert "cannot be read" in found.examples["differing"][0]


def test_a_commit_beyond_every_checkpoint_is_found() -> None:
    findings = Findings()
    check_samples([Sample({0: 10, 1: 4}, {0: 10, 1: 7}), Sample({0: 0}, {})], findings)
    assert findings.total == 0
    check_samples([Sample({0: 10, 1: 8}, {0: 10, 1: 7}), Sample({0: 1}, {})], findings)
    assert findings.counts == {"differing": 2}


def test_commits_that_go_back_are_counted() -> None:
    assert moved_back([Sample({0: 5}, {}), Sample({0: 5, 1: 3}, {}), Sample({0: 9, 1: 3}, {})]) == 0
    assert moved_back([Sample({0: 5, 1: 3}, {}), Sample({0: 0, 1: 3}, {}), Sample({0: 1, 1: 2}, {})]) == 2
