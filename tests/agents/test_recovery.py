"""Workers that find snapshots they cannot use, or old ones, on a real broker."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from stream_app.durability import snapshot
from stream_app.durability.book import Book
from stream_app.durability.snapshot import SnapshotInfo, freeze, inspect, pack, thaw
from stream_app.feeds.schedule import schedule
from stream_app.log_tools import verify
from stream_app.settings import load
from stream_app.topics import EVALUATIONS, SNAPSHOTS
from tests.support import topics
from tests.support.matches import played
from tests.support.service import expected, send, until_published, until_snapshots, worker
from tests.support.waiting import until

pytestmark = pytest.mark.slow(40)

KEY = load().snapshot_key.get_secret_value().encode()
NAMES = ("newer", "damaged", "foreign", "old", "fine")


async def test_snapshots_of_another_format_damaged_foreign_or_old_are_made_good_from_the_log(
    clean_kafka: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await topics.create_all(clean_kafka)
    matches = [match for name in NAMES for match in played(name, 150)]
    events = list(schedule(matches))
    cut = len(events) // 2
    with worker(clean_kafka, tmp_path, "first"):
        await send(clean_kafka, events[: cut // 2])
        early = await _snapshots(clean_kafka, cut // 2 + len(NAMES), tmp_path)
        await send(clean_kafka, events[cut // 2 : cut])
        late = await _snapshots(clean_kafka, cut + len(NAMES), tmp_path)

    books = {name: thaw(late[name], KEY) for name in NAMES}
    with monkeypatch.context() as patched:
        patched.setattr(snapshot, "FORMAT", snapshot.FORMAT + 1)
        newer = _frozen(books["newer"], KEY)
    damaged = bytearray(late["damaged"])
    damaged[len(damaged) // 2] ^= 1
    replaced = {
        "newer": newer,
        "damaged": bytes(damaged),
        "foreign": _frozen(books["foreign"], b"the key of somebody else"),
        "old": early["old"],
    }
    assert inspect(early["old"], KEY).position < inspect(late["old"], KEY).position
    await topics.produce(clean_kafka, _records(replaced))
    with worker(clean_kafka, tmp_path, "second") as second:
        await send(clean_kafka, events[cut:])
        found = await until_published(clean_kafka, EVALUATIONS, len(matches))
        await _snapshots(clean_kafka, len(events) + len(NAMES), tmp_path)

    said = second.log.read_text(encoding="utf-8")
    for name, reason in (("newer", "it has format"), ("damaged", "damaged"), ("foreign", "another key")):
        assert f"snapshot of '{name}' is not used" in said
        assert reason in said
    assert "snapshot of 'fine'" not in said
    assert "caught up:" in said
    assert found.values == expected(matches).values
    assert found.differing == []


async def _snapshots(bootstrap: str, entries: int, folder: Path) -> dict[str, bytes]:
    """The snapshots, once they hold the whole log and the log has `entries` entries."""
    settings = load(app_id=f"app-{folder.name}")
    written = await until_snapshots(bootstrap, KEY, *NAMES, entries=entries)

    async def proven() -> bool:
        report = await verify(settings, bootstrap)
        return report.holds and report.entries >= entries and report.snapshots.equal == len(NAMES)

    await until(proven, "all snapshots are proven")
    return written


def _frozen(book: object, key: bytes) -> bytes:
    assert isinstance(book, Book)
    return freeze(book, SnapshotInfo(book.league.competition, book.position), key)


def _records(blobs: dict[str, bytes]) -> Iterator[topics.Message]:
    for name, blob in blobs.items():
        for key, value in pack(blob, name, None):
            yield SNAPSHOTS, key, value
