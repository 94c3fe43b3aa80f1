from __future__ import annotations

import asyncio
import csv
import errno
import io
import json
import multiprocessing
import os
import subprocess
import uuid
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Event
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_app.errors import Fatal
from stream_app.evaluation_log.csv_append import add
from stream_app.evaluation_log.csv_files import ACTIVE
from stream_app.evaluation_log.csv_format import BLOCK, HEADER, header, lines, parse, split
from stream_app.evaluation_log.csv_log import CsvLog, read
from stream_app.evaluation_log.row import LogRow
from tests.evaluation_log.samples import batch, refuse_nothing, rows

ROUNDS = 20
TAIL_BYTES = 200_000
SEEN_AT_ONCE = ("ext2/ext3", "xfs", "overlayfs")
"""File systems, as `stat` names them, that show a batch at once; the last of them when it lies on one of the others."""


def saying(event: LogRow, length: int, letter: str = "x") -> LogRow:
    """`event` with a message of more than `length` characters."""
    return event._replace(metadata=json.dumps({"why": letter * length}, separators=(",", ":"), ensure_ascii=False))


SHAPES = [
    [saying(event, length + 7 * number) for number, event in enumerate(rows(count))]
    for count, length in ((1, 300), (1, 5_000), (100, 300), (300, 5_000), (2, 100_000))
]
"""Batches of few and many rows, short and long."""

MESSAGES = st.tuples(st.integers(0, 3 * BLOCK), st.sampled_from('x"\\é⚽'))


@given(st.lists(MESSAGES, min_size=1, max_size=6), st.integers(0, 3 * BLOCK))
def test_rows_of_every_length_are_filled_up_to_a_block_and_say_the_same(
    messages: list[tuple[int, str]], start: int
) -> None:
    events = [saying(event, *message) for event, message in zip(rows(len(messages)), messages, strict=True)]
    content = lines(events, start)
    assert (start + len(content)) % BLOCK == 0
    assert len(content) - len(lines(events)) < BLOCK
    assert content.count(b"\n") == len(events)
    assert all(split(line) for line in content.splitlines(keepends=True))
    records = list(csv.reader(io.StringIO(content.decode())))
    assert [parse(record) for record in records] == events
    assert [json.loads(record[-1]) for record in records] == [json.loads(event.metadata) for event in events]


def test_pandas_reads_what_is_filled_up_like_the_rest(tmp_path: Path) -> None:
    # It takes more than a second, which a run of other tests need not wait for.
    import pandas  # type: ignore[import-untyped]  # published without type information

    size = add(tmp_path / ACTIVE, header(), 0)
    for event in rows(3):
        size = add(tmp_path / ACTIVE, lines([event], size), size)
    assert size == 3 * BLOCK
    frame = pandas.read_csv(tmp_path / ACTIVE)
    assert list(frame.columns) == list(HEADER)
    assert list(frame["event_id"]) == [event.event_id for event in rows(3)]
    assert [json.loads(message) for message in frame["metadata"]] == [json.loads(event.metadata) for event in rows(3)]


def system_of(folder: Path) -> str:
    return subprocess.run(("stat", "-f", "-c", "%T", folder), capture_output=True, text=True, check=True).stdout.strip()


def files(folder: Path) -> list[str]:
    return [path.name for path in folder.glob("*.csv*")]


def read_over_and_over(path: Path, began: Event, stop: Event, told: Queue[tuple[int, int, int]]) -> None:
    """Read the end of `path` as a program does that knows nothing of this log; tell how often it was half a row."""
    times = half = 0
    ends = set()
    while not stop.is_set():
        with path.open("rb") as file:
            file.seek(-min(file.seek(0, os.SEEK_END), TAIL_BYTES), os.SEEK_END)
            seen = file.read()
            ends.add(file.tell())
        times += 1
        half += not seen.endswith(b"\n") or b"\0" in seen
        began.set()
    told.put((times, half, len(ends)))


@pytest.mark.slow
async def test_a_program_that_reads_while_batches_are_written_never_sees_half_a_row(tmp_path: Path) -> None:
    if (system := system_of(tmp_path)) not in SEEN_AT_ONCE:
        pytest.skip(f"{tmp_path} is on a file system that does not show a batch at once: {system}")
    context = multiprocessing.get_context("spawn")
    began, stop, told = context.Event(), context.Event(), context.Queue()
    log = CsvLog(tmp_path)
    await log.open()
    reader = context.Process(target=read_over_and_over, args=(tmp_path / ACTIVE, began, stop, told))
    reader.start()
    try:
        assert await asyncio.to_thread(began.wait, 60)
        for kind in SHAPES * ROUNDS:
            events = [event._replace(event_id=str(uuid.uuid4())) for event in kind]
            assert await log.append(batch(events), refuse_nothing) == len(events)
    finally:
        stop.set()
        times, half, ends = told.get(timeout=60)
        reader.join()
        await log.close()
    assert half == 0
    assert times > 500
    # It has seen the file grow.
    assert ends > 10


async def test_a_log_that_does_not_end_at_a_block_is_gone_on_with(tmp_path: Path) -> None:
    # As an earlier version wrote it; and a file that was to replace another one, which a crash has left behind.
    (tmp_path / ACTIVE).write_bytes(header() + lines(rows(3)))
    (tmp_path / ACTIVE).chmod(0o600)
    (tmp_path / f"{ACTIVE}.part").write_bytes(b"left")
    log = CsvLog(tmp_path)
    await log.open()
    assert files(tmp_path) == [ACTIVE]
    assert await log.append(batch(rows(5)), refuse_nothing) == 2
    await log.close()
    assert (tmp_path / ACTIVE).read_bytes().startswith(header() + lines(rows(3)))
    assert (tmp_path / ACTIVE).stat().st_size % BLOCK == 0
    assert (tmp_path / ACTIVE).stat().st_mode & 0o777 == 0o600
    assert list(read(tmp_path)) == rows(5)
    assert files(tmp_path) == [ACTIVE]


async def test_rows_are_kept_where_a_file_system_writes_through_its_cache_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_file = os.open

    def no_direct(path: Path, flags: int, mode: int = 0o777) -> int:
        if flags & os.O_DIRECT:
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        return open_file(path, flags, mode)

    monkeypatch.setattr("stream_app.evaluation_log.csv_append.os.open", no_direct)
    log = CsvLog(tmp_path)
    await log.open()
    for start in (0, 2):
        assert await log.append(batch(rows(2, start=start)), refuse_nothing) == 2
    await log.close()
    assert list(read(tmp_path)) == rows(4)


async def test_a_write_that_ends_halfway_leaves_the_file_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = CsvLog(tmp_path)
    await log.open()
    await log.append(batch(rows(2)), refuse_nothing)
    before = (tmp_path / ACTIVE).read_bytes()
    write = os.write
    written: list[int] = []

    def full(descriptor: int, content: memoryview) -> int:
        if written:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        written.append(write(descriptor, content[:BLOCK]))
        return written[0]

    with monkeypatch.context() as patch:
        patch.setattr("stream_app.evaluation_log.csv_append.os.write", full)
        with pytest.raises(Fatal, match=r"disk of .* is full: free some space and start again"):
            await log.append(batch(rows(20)), refuse_nothing)
    assert written == [BLOCK]
    assert (tmp_path / ACTIVE).read_bytes() == before
    assert await log.append(batch(rows(20)), refuse_nothing) == 18
    await log.close()
    assert list(read(tmp_path)) == rows(20)


@pytest.mark.parametrize("size", [0, BLOCK], ids=["a file that is replaced", "a file that is gone on with"])
def test_nothing_is_seen_of_a_batch_for_which_there_is_no_room(
    small_disk: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    path = small_disk / ACTIVE
    path.write_bytes(bytes(size))
    writes: list[int] = []
    with monkeypatch.context() as patch:
        patch.setattr("stream_app.evaluation_log.csv_append.os.write", lambda *_: writes.append(1))
        with pytest.raises(OSError, match="No space left"):
            add(path, bytes(BLOCK * 1000), size)
    assert not writes
    assert path.read_bytes() == bytes(size)
    assert [file.name for file in small_disk.iterdir()] == [ACTIVE]
    # What was reserved is free again.
    assert add(path, bytes(BLOCK * 50), size) == size + 50 * BLOCK
