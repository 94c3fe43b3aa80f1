"""What can be done with nothing but the match-log: prove what the workers published, and make their tables anew."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

from aiokafka import TopicPartition
from aiokafka.errors import CommitFailedError
from rich.console import Console
from rich.progress import Progress

from stream_app import brokers
from stream_app.brokers import Where
from stream_app.durability.book import Book
from stream_app.durability.checkpoint import Checkpoint, checkpoint_key
from stream_app.durability.log import read_entry
from stream_app.durability.snapshot import SnapshotInfo, freeze, pack
from stream_app.durability.verify import ID_FIELDS, Report, Verifier
from stream_app.errors import InvalidInput
from stream_app.settings import Settings
from stream_app.topic_admin import admin_client
from stream_app.topic_reader import Record, read_to_end
from stream_app.topics import CHECKPOINTS, LOG, SNAPSHOTS


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What a rebuild went through."""

    entries: int
    competitions: int


async def verify(settings: Settings, bootstrap: Where, competition: str | None = None) -> Report:
    """Hold what the workers have published against a fold of the log. Works beside running workers.

    Raises
    ------
    InvalidInput
        The topics are not there.
    Retryable
        The brokers do not answer.
    """
    verifier = Verifier(settings.snapshot_key.get_secret_value().encode(), competition)
    # The order matters: what is published was in the log before, so reading the log last finds the reason of it all.
    for partition, place in (await _committed(bootstrap, settings.group)).items():
        verifier.place(partition, place)
    async for record in _with_progress(bootstrap, list(ID_FIELDS), "published"):
        verifier.output(record.topic, record.key or b"", record.value or b"")
    async for record in _with_progress(bootstrap, [SNAPSHOTS], "snapshots"):
        verifier.snapshot(record.key or b"", record.value)
    async for record in _with_progress(bootstrap, [LOG], "match-log"):
        verifier.entry(record.partition, record.offset, read_entry(record.key, record.value, record.headers))
    return verifier.report()


async def rebuild(settings: Settings, bootstrap: Where) -> Rebuilt:
    """Make snapshots, checkpoints and scoreboards anew from the log.

    Raises
    ------
    InvalidInput
        A worker is running, or the topics are not there.
    Retryable
        The brokers do not answer.
    """
    await _require_stopped(bootstrap, settings.group)
    books: dict[str, tuple[int, Book]] = {}
    places: dict[int, int] = {}
    entries = 0
    async for record in _with_progress(bootstrap, [LOG], "match-log"):
        entry = read_entry(record.key, record.value, record.headers)
        _, book = books.setdefault(entry.competition, (record.partition, Book(entry.competition)))
        book.apply(record.offset, entry)
        places[record.partition] = record.offset + 1
        entries += 1
    await _write_tables(settings, bootstrap, books, places)
    return Rebuilt(entries, len(books))


async def _write_tables(
    settings: Settings, bootstrap: Where, books: dict[str, tuple[int, Book]], places: dict[int, int]
) -> None:
    key = settings.snapshot_key.get_secret_value().encode()
    producer = brokers.producer(bootstrap)
    await producer.start()
    try:
        last: dict[int, dict[str, int]] = {partition: {} for partition in places}
        for competition, (partition, book) in books.items():
            last[partition][competition] = book.position
            blob = freeze(book, SnapshotInfo(competition, book.position), key)
            for record_key, value in pack(blob, competition, None):
                await producer.send_and_wait(SNAPSHOTS, value, key=record_key, partition=partition)
            for table in book.tables():
                await producer.send_and_wait(table.topic, table.value, key=competition.encode(), partition=partition)
        for partition, place in places.items():
            value = Checkpoint(place, last[partition]).to_bytes()
            await producer.send_and_wait(CHECKPOINTS, value, key=checkpoint_key(partition), partition=partition)
    finally:
        await producer.stop()


async def _with_progress(bootstrap: Where, topics: list[str], title: str) -> AsyncIterator[Record]:
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(title, total=None)
        async for record in read_to_end(bootstrap, topics):
            progress.advance(task)
            yield record


async def _committed(bootstrap: Where, group: str) -> dict[int, int]:
    async with admin_client(bootstrap) as admin:
        offsets = await admin.list_consumer_group_offsets(group)
    return {tp.partition: at.offset for tp, at in offsets.items() if tp.topic == LOG}


async def _require_stopped(bootstrap: Where, group: str) -> None:
    # The brokers take a commit from outside the group only while it has no members; that is also the one question
    # about members whose answer aiokafka 0.14 can read from Kafka 4.
    consumer = brokers.consumer(bootstrap, group_id=group, enable_auto_commit=False)
    await consumer.start()
    try:
        first = TopicPartition(LOG, 0)
        consumer.assign([first])
        await consumer.commit({first: await consumer.committed(first) or 0})
    except CommitFailedError:
        raise InvalidInput(
            f"a worker of {group!r} is running; stop all workers before rebuilding their tables"
        ) from None
    finally:
        await consumer.stop()
