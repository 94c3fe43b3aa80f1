"""A service without Kafka, in which nothing ever dies: the records that its topics would have."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Iterable
from itertools import islice

from stream_app.contracts import KIND_OF_TOPIC, decode, encode
from stream_app.durability.artefact import refusal_of
from stream_app.durability.book import Book
from stream_app.durability.checkpoint import Checkpoint
from stream_app.durability.log import NO_SOURCE, Entry
from stream_app.durability.snapshot import SnapshotInfo, freeze, pack
from stream_app.events import Configure, ModelCommand, name_id
from stream_app.partitioning import partition_of
from stream_app.settings import load
from stream_app.topic_reader import Record
from stream_app.topics import CHECKPOINTS, DEAD_LETTERS, LOG, SNAPSHOTS
from tests.chaos.asking import SIGNING_KEY
from tests.chaos.fold import MADE, NUMBER
from tests.chaos.result import MODELS
from tests.chaos.sent import FORGED, GOOD, Sent
from tests.chaos.traffic import traffic

PARTITIONS = 2
MESSAGES = 360
SNAPSHOT_EVERY = 47
"""Entries of a competition between two snapshots."""


class Ideal:
    """Takes messages in as a feed sends them, with the parts that the real worker is made of."""

    def __init__(self, piece_bytes: int) -> None:
        self.topics: dict[str, list[Record]] = defaultdict(list)
        self.numbers = 0
        self._piece_bytes = piece_bytes
        self._ends: dict[tuple[str, int], int] = defaultdict(int)
        self._books: dict[str, Book] = {}
        self._entries: dict[str, int] = defaultdict(int)
        self._records: dict[bytes, bytes] = {}
        self._last: dict[int, dict[str, int]] = defaultdict(dict)

    def send(self, messages: Iterable[Sent]) -> None:
        """Take in `messages` and publish what they lead to."""
        for sent in messages:
            partition = sent.partition if sent.partition is not None else partition_of(sent.key or b"", PARTITIONS)
            self.numbers += 1
            headers = [(MADE, sent.made.encode()), (NUMBER, b"%d" % self.numbers)]
            offset = self._put(sent.topic, partition, sent.key, sent.value, headers)
            if sent.made in (GOOD, FORGED):
                self._admit(sent, partition, offset)
            else:
                self._refuse(sent, partition, offset)

    def stop(self) -> None:
        """Put everything on record."""
        for competition in self._books:
            self._keep(competition)
        for partition, leagues in self._last.items():
            place = self._ends[LOG, partition]
            self._put(CHECKPOINTS, partition, b"%d" % partition, Checkpoint(place, dict(leagues)).to_bytes())

    async def read(self, topic: str) -> AsyncIterator[Record]:
        """The records of `topic`."""
        for record in self.topics[topic]:
            yield record

    def _admit(self, sent: Sent, partition: int, offset: int) -> None:
        competition = (sent.key or b"").decode()
        if competition not in self._books:
            self._books[competition] = Book(competition)
            settings = load(models=MODELS, window=20, decay_drop=0.02, alert_rate=100.0)
            config = encode(Configure(competition, settings.league_config(competition)))
            self._append(Entry("configure", competition, NO_SOURCE, -1, config), partition)
        kind, payload = KIND_OF_TOPIC[sent.topic], sent.value or b""
        event = decode(kind, payload)
        if isinstance(event, ModelCommand) and (refusal := refusal_of(event, SIGNING_KEY)) is not None:
            kind, payload = "refusal", encode(refusal)
        self._append(Entry(kind, competition, sent.topic, offset, payload), partition)

    def _append(self, entry: Entry, partition: int) -> None:
        name = entry.competition
        place = self._put(LOG, partition, entry.key, entry.payload, entry.headers())
        for output in self._books[name].apply(place, entry):
            self._put(output.topic, partition, entry.key, output.value)
        self._last[partition][name] = place
        self._entries[name] += 1
        if self._entries[name] % SNAPSHOT_EVERY == 0:
            self._keep(name)

    def _refuse(self, sent: Sent, partition: int, offset: int) -> None:
        headers = [
            ("id", name_id("dead-letter", sent.topic, partition, offset).encode()),
            ("topic", sent.topic.encode()),
            ("partition", b"%d" % partition),
            ("offset", b"%d" % offset),
            ("error", sent.made.encode()),
        ]
        self._put(DEAD_LETTERS, partition, sent.key, sent.value, headers)

    def _keep(self, competition: str) -> None:
        book = self._books[competition]
        partition = partition_of(competition.encode(), PARTITIONS)
        for table in book.tables():
            self._put(table.topic, partition, competition.encode(), table.value)
        blob = freeze(book, SnapshotInfo(competition, book.position), SIGNING_KEY)
        for key, value in pack(blob, competition, self._records.get(competition.encode()), self._piece_bytes):
            self._records[key] = value
            self._put(SNAPSHOTS, partition, key, value)

    def _put(
        self,
        topic: str,
        partition: int,
        key: bytes | None,
        value: bytes | None,
        headers: list[tuple[str, bytes]] | None = None,
    ) -> int:
        offset = self._ends[topic, partition]
        self._ends[topic, partition] += 1
        self.topics[topic].append(Record(topic, partition, offset, key, value, headers or []))
        return offset


def ideal(piece_bytes: int) -> Ideal:
    """A service that has read some hundred messages and was stopped in good order."""
    made = Ideal(piece_bytes)
    competitions = [f"league-{number}" for number in range(2)]
    made.send(islice(traffic(competitions, seed=21, partitions=PARTITIONS, command_share=0.2), MESSAGES))
    made.stop()
    return made
