from __future__ import annotations

import gc

from stream_app.contracts import encode
from stream_app.durability.book import Book, Published
from stream_app.durability.log import NO_SOURCE, Entry
from stream_app.durability.snapshot import SnapshotInfo, freeze, thaw
from stream_app.events import Configure, Features
from stream_app.feeds.schedule import schedule
from stream_app.league.digest import digest
from stream_app.settings import load
from stream_app.topics import EVALUATIONS, FEATURES, PREDICTIONS, RESULTS
from tests.support.matches import played


def entries(matches: int, competition: str = "alpha") -> list[Entry]:
    """A log of one competition: its configuration, then features and results as they happened."""
    configure = Configure(competition, load().league_config(competition))
    log = [Entry("configure", competition, NO_SOURCE, -1, encode(configure))]
    offsets = {FEATURES: 0, RESULTS: 0}
    for event in schedule(played(competition, matches)):
        topic = FEATURES if isinstance(event, Features) else RESULTS
        log.append(
            Entry("features" if topic == FEATURES else "result", competition, topic, offsets[topic], encode(event))
        )
        offsets[topic] += 1
    return log


def fold(book: Book, log: list[Entry], start: int = 0) -> list[Published]:
    return [output for offset, entry in enumerate(log[start:], start) for output in book.apply(offset, entry)]


def test_features_become_a_prediction_and_results_an_evaluation() -> None:
    book = Book("alpha")
    said = fold(book, entries(30))

    assert [output.topic for output in said].count(PREDICTIONS) == 30
    assert [output.topic for output in said].count(EVALUATIONS) == 30
    assert book.position == 60


def test_an_entry_applied_again_changes_nothing_and_says_nothing() -> None:
    log = entries(20)
    book = Book("alpha")
    fold(book, log)
    before = digest(book)

    assert fold(book, log) == []
    assert digest(book) == before


def test_what_a_league_drops_goes_at_once_because_it_has_no_cycles() -> None:
    # A worker keeps its leagues out of the search for garbage, which would never end with a thousand of them.
    log = entries(40)
    gc.collect()
    gc.disable()
    try:
        book = Book("alpha")
        fold(book, log)
        again = thaw(freeze(book, SnapshotInfo("alpha", book.position), b"key"), b"key")
        assert isinstance(again, Book)
        again.tables()
        del book, again
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_a_source_message_that_was_appended_twice_counts_once() -> None:
    log = entries(20)
    once, twice = Book("alpha"), Book("alpha")
    said_once = fold(once, log)
    said_twice = fold(twice, [*log[:10], *log[4:10], *log[10:]])

    assert said_twice == said_once
    assert digest(twice.league) == digest(once.league)


def test_a_book_goes_on_from_its_snapshot_as_if_it_had_never_been_away() -> None:
    log = entries(60)
    whole = Book("alpha")
    said = fold(whole, log)
    for cut in (1, 2, 50, 119, 120):
        first = Book("alpha")
        said_before = fold(first, log[:cut])
        again = thaw(freeze(first, SnapshotInfo("alpha", first.position), b"key"), b"key")
        assert isinstance(again, Book)
        assert said_before + fold(again, log, start=cut) == said
        assert digest(again) == digest(whole)
