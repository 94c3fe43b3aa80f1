"""Proof by a second reckoning: fold the match-log anew and hold what the workers have published against it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import orjson

from stream_app.durability.book import Book
from stream_app.durability.log import Entry
from stream_app.durability.snapshot import SnapshotRefused, is_piece, thaw, unpack
from stream_app.league.digest import digest
from stream_app.topics import DECAY_ALERTS, EVALUATIONS, MODEL_EVENTS, PREDICTIONS

ID_FIELDS: Mapping[str, str] = {
    PREDICTIONS: "prediction_id",
    EVALUATIONS: "evaluation_id",
    DECAY_ALERTS: "alert_id",
    MODEL_EVENTS: "event_id",
}
"""The field that names a message of each output topic."""

EXAMPLES = 5
"""Ids that a finding names, so that somebody can look."""

_HASH_BYTES = 16


@dataclass(slots=True)
class Finding:
    """How many of something were found, and the first few of their names."""

    count: int = 0
    examples: list[str] = field(default_factory=list)

    def add(self, name: str) -> None:
        """Count one more."""
        self.count += 1
        if len(self.examples) < EXAMPLES:
            self.examples.append(name)


@dataclass(slots=True)
class TopicReport:
    """One output topic against the fold.

    `pending` are messages of entries that no checkpoint has passed yet: a running worker may still be about to send
    them. `repeated` came more than once with the same bytes, which is what a restart does. The others are faults.
    """

    topic: str
    expected: int = 0
    repeated: int = 0
    pending: int = 0
    missing: Finding = field(default_factory=Finding)
    differing: Finding = field(default_factory=Finding)
    unexpected: Finding = field(default_factory=Finding)

    @property
    def holds(self) -> bool:
        """Whether no fault was found."""
        return not (self.missing.count or self.differing.count or self.unexpected.count)


@dataclass(slots=True)
class SnapshotReport:
    """The snapshots against the fold. One that cannot be used is no fault: the log has what it held."""

    equal: int = 0
    unusable: Finding = field(default_factory=Finding)
    differing: Finding = field(default_factory=Finding)

    @property
    def holds(self) -> bool:
        """Whether no fault was found."""
        return not self.differing.count


@dataclass(slots=True)
class Report:
    """What a verification has found."""

    entries: int = 0
    competitions: int = 0
    topics: list[TopicReport] = field(default_factory=list)
    snapshots: SnapshotReport = field(default_factory=SnapshotReport)

    @property
    def holds(self) -> bool:
        """Whether everything published is what the log says, and nothing is missing."""
        return self.snapshots.holds and all(topic.holds for topic in self.topics)


class Verifier:
    """Gathers what is published, folds the log, and reports the differences.

    Feed it in this order, so that it also works beside running workers: `place` of every partition, `output` for all
    that the output topics hold, `snapshot` for all snapshot records, then `entry` for the log to its end.

    Parameters
    ----------
    key
        The key that signs snapshots.
    competition
        Look at this one only.
    """

    def __init__(self, key: bytes, competition: str | None = None) -> None:
        self._key = key
        self._competition = competition
        self._places: dict[int, int] = {}
        self._found: dict[str, dict[str, bytes]] = {topic: {} for topic in ID_FIELDS}
        self._records: dict[bytes, bytes] = {}
        self._snapshots: dict[str, tuple[int, str]] | None = None
        self._books: dict[str, Book] = {}
        self._said: dict[str, set[str]] = {topic: set() for topic in ID_FIELDS}
        self._topics = {topic: TopicReport(topic) for topic in ID_FIELDS}
        self._report = Report(topics=list(self._topics.values()))

    def place(self, partition: int, place: int) -> None:
        """The log offset that the workers have committed for `partition`."""
        self._places[partition] = place

    def output(self, topic: str, key: bytes, value: bytes) -> None:
        """A message of an output topic."""
        if not self._wanted(key.decode()):
            return
        name = orjson.loads(value)[ID_FIELDS[topic]]
        seal = _seal(value)
        first = self._found[topic].setdefault(name, seal)
        if first is not seal:
            if first == seal:
                self._topics[topic].repeated += 1
            else:
                self._topics[topic].differing.add(name)

    def snapshot(self, key: bytes, value: bytes | None) -> None:
        """A record of the snapshot topic; a later one replaces an earlier one with the same key."""
        if value is None:
            self._records.pop(key, None)
        else:
            self._records[key] = value

    def entry(self, partition: int, offset: int, entry: Entry) -> None:
        """An entry of the log, in the order of its partition."""
        if not self._wanted(entry.competition):
            return
        if self._snapshots is None:
            self._snapshots = dict(self._read_snapshots())
        book = self._books.get(entry.competition)
        if book is None:
            book = self._books[entry.competition] = Book(entry.competition)
        self._report.entries += 1
        for output in book.apply(offset, entry):
            self._expect(output.topic, output.value, settled=offset < self._places.get(partition, 0))
        self._compare(entry.competition, book)

    def report(self) -> Report:
        """All findings, once everything has been handed in."""
        self._report.competitions = len(self._books)
        for topic, found in self._found.items():
            for name in found:
                if name not in self._said[topic]:
                    self._topics[topic].unexpected.add(name)
        for competition in self._snapshots or {}:
            # A snapshot whose place the fold never came to holds something that the log does not have.
            self._report.snapshots.differing.add(competition)
        self._snapshots = {}
        return self._report

    def _wanted(self, competition: str) -> bool:
        return self._competition is None or competition == self._competition

    def _expect(self, topic: str, value: bytes, *, settled: bool) -> None:
        report, name = self._topics[topic], orjson.loads(value)[ID_FIELDS[topic]]
        report.expected += 1
        self._said[topic].add(name)
        found = self._found[topic].get(name)
        if found is None:
            if settled:
                report.missing.add(name)
            else:
                report.pending += 1
        elif found != _seal(value):
            report.differing.add(name)

    def _compare(self, competition: str, book: Book) -> None:
        held = self._snapshots.get(competition) if self._snapshots else None
        if self._snapshots is None or held is None or book.position != held[0]:
            return
        del self._snapshots[competition]
        if digest(book) == held[1]:
            self._report.snapshots.equal += 1
        else:
            self._report.snapshots.differing.add(competition)

    def _read_snapshots(self) -> Iterable[tuple[str, tuple[int, str]]]:
        for key in self._records:
            competition = key.decode()
            if is_piece(key) or not self._wanted(competition):
                continue
            try:
                book = thaw(unpack(competition, self._records.get), self._key)
            except SnapshotRefused as refused:
                self._report.snapshots.unusable.add(f"{competition}: {refused}")
                continue
            if isinstance(book, Book):
                yield competition, (book.position, digest(book))


def _seal(value: bytes) -> bytes:
    return hashlib.blake2b(value, digest_size=_HASH_BYTES).digest()
