from __future__ import annotations

from collections.abc import Iterable

import pytest

from stream_app.contracts import decode
from stream_app.durability.book import Book, Published
from stream_app.durability.log import Entry
from stream_app.durability.snapshot import SnapshotInfo, freeze, pack
from stream_app.durability.verify import Report, Verifier
from stream_app.events import Features
from stream_app.topics import EVALUATIONS, PREDICTIONS
from tests.durability.test_book import entries, fold

KEY = b"key"
LOG = entries(40)


def run(
    outputs: Iterable[Published], *, log: list[Entry] = LOG, snapshot: bytes | None = None, place: int = len(LOG)
) -> Report:
    verifier = Verifier(KEY)
    verifier.place(0, place)
    for output in outputs:
        verifier.output(output.topic, b"alpha", output.value)
    if snapshot is not None:
        for key, value in pack(snapshot, "alpha", None):
            verifier.snapshot(key, value)
    for offset, entry in enumerate(log):
        verifier.entry(0, offset, entry)
    return verifier.report()


def frozen(cut: int) -> bytes:
    book = Book("alpha")
    fold(book, LOG[:cut])
    return freeze(book, SnapshotInfo("alpha", book.position), KEY)


@pytest.fixture
def said() -> list[Published]:
    return fold(Book("alpha"), LOG)


def test_what_the_log_says_holds_and_is_counted(said: list[Published]) -> None:
    report = run(said, snapshot=frozen(50))

    assert report.holds
    assert report.entries == len(LOG)
    assert [(topic.topic, topic.expected) for topic in report.topics[:2]] == [(PREDICTIONS, 40), (EVALUATIONS, 40)]
    assert report.snapshots.equal == 1


def test_messages_that_came_twice_with_the_same_bytes_are_no_fault(said: list[Published]) -> None:
    report = run([*said, *said[:7]])

    assert report.holds
    assert sum(topic.repeated for topic in report.topics) == 7


def test_a_dropped_message_is_missing(said: list[Published]) -> None:
    report = run([*said[:5], *said[6:]])

    assert not report.holds
    assert sum(topic.missing.count for topic in report.topics) == 1


def test_a_message_of_an_entry_behind_the_last_checkpoint_is_pending_and_not_missing(said: list[Published]) -> None:
    report = run(said[:-1], place=len(LOG) - 1)

    assert report.holds
    assert sum(topic.pending for topic in report.topics) == 1


def test_a_changed_message_differs(said: list[Published]) -> None:
    changed = Published(said[3].topic, said[3].value.replace(b'"competition":"alpha"', b'"competition": "alpha"'))
    report = run([*said[:3], changed, *said[4:]])

    assert not report.holds
    assert sum(topic.differing.count for topic in report.topics) == 1


def test_two_versions_of_one_message_differ(said: list[Published]) -> None:
    changed = Published(said[3].topic, said[3].value.replace(b'"competition":"alpha"', b'"competition": "alpha"'))

    assert not run([*said, changed]).holds


def test_a_message_that_nothing_in_the_log_stands_behind_is_unexpected(said: list[Published]) -> None:
    report = run(said, log=LOG[:-1])

    assert not report.holds
    assert sum(topic.unexpected.count for topic in report.topics) == 1


def test_a_snapshot_with_another_state_differs(said: list[Published]) -> None:
    book = Book("alpha")
    fold(book, LOG[:50])
    another_match = decode("features", next(it for it in reversed(entries(60)) if it.kind == "features").payload)
    assert isinstance(another_match, Features)
    book.league.predict(another_match)
    report = run(said, snapshot=freeze(book, SnapshotInfo("alpha", book.position), KEY))

    assert not report.holds
    assert report.snapshots.differing.examples == ["alpha"]


def test_a_snapshot_of_a_place_that_the_log_does_not_have_differs(said: list[Published]) -> None:
    assert not run([], log=LOG[:10], snapshot=frozen(50)).snapshots.holds


def test_a_damaged_snapshot_is_named_and_is_no_fault(said: list[Published]) -> None:
    report = run(said, snapshot=frozen(50)[:-1] + b"x")

    assert report.holds
    assert report.snapshots.unusable.count == 1


def test_another_competition_than_the_wanted_one_is_not_looked_at(said: list[Published]) -> None:
    verifier = Verifier(KEY, "beta")
    for output in said:
        verifier.output(output.topic, b"alpha", output.value)
    for offset, entry in enumerate(LOG):
        verifier.entry(0, offset, entry)

    assert (verifier.report().entries, verifier.report().holds) == (0, True)
