from __future__ import annotations

import asyncio
import csv
import fcntl
import gzip
import multiprocessing
import os
from datetime import UTC, datetime
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest

from stream_app.errors import Fatal, InvalidInput, Retryable
from stream_app.evaluation_log.csv_files import ACTIVE
from stream_app.evaluation_log.csv_format import HEADER, header, lines
from stream_app.evaluation_log.csv_index import CsvIndex
from stream_app.evaluation_log.csv_log import INDEX, CsvLog, read
from stream_app.evaluation_log.row import LogRow
from stream_app.evaluation_log.store import Batch
from tests.evaluation_log.samples import batch, places_of, refuse_nothing, rows

AUGUST, SEPTEMBER = (int(datetime(2024, month, 20, tzinfo=UTC).timestamp() * 1000) for month in (8, 9))


def files(folder: Path, pattern: str = "*.csv*") -> set[str]:
    return {path.name for path in folder.glob(pattern)}


async def opened(folder: Path) -> CsvLog:
    log = CsvLog(folder)
    await log.open()
    return log


async def append(log: CsvLog, events: list[LogRow]) -> int:
    return await log.append(batch(events), refuse_nothing)


def stored(*batches: list[LogRow]) -> bytes:
    """What a file holds to which `batches` were added."""
    content = header()
    for events in batches:
        content += lines(events, len(content))
    return content


async def written(folder: Path, *batches: list[LogRow]) -> None:
    log = await opened(folder)
    for events in batches:
        await append(log, events)
    await log.close()


async def test_a_new_log_is_a_file_with_a_header(tmp_path: Path) -> None:
    await written(tmp_path / "new" / "folder")
    assert (tmp_path / "new" / "folder" / ACTIVE).read_bytes() == header()


async def test_the_file_holds_the_rows_in_the_order_in_which_they_came(tmp_path: Path) -> None:
    await written(tmp_path, rows(2), rows(3, start=2))
    with (tmp_path / ACTIVE).open(newline="") as file:
        reader = csv.DictReader(file)
        assert [record["match_id"] for record in reader] == [f"bundesliga-{number}" for number in range(5)]
        assert tuple(reader.fieldnames or ()) == HEADER


async def test_an_event_that_comes_again_is_kept_once_however_much_later(tmp_path: Path) -> None:
    log = await opened(tmp_path)
    again = [row._replace(kafka_offset=900 + number) for number, row in enumerate(rows(3))]
    assert await append(log, rows(3) + rows(3)) == 3
    assert await append(log, rows(500, start=3)) == 500
    assert await append(log, again) == 0
    assert (await log.places())["predictions", 0].next_offset == 903
    await log.close()
    log = await opened(tmp_path)
    assert await append(log, again) == 0
    await log.close()
    assert list(read(tmp_path)) == rows(503)


async def test_the_places_are_there_again_after_a_restart(tmp_path: Path) -> None:
    log = await opened(tmp_path)
    await append(log, rows(3))
    before = await log.places()
    await log.close()
    log = await opened(tmp_path)
    assert await log.places() == before == places_of(rows(3))
    await log.close()


async def test_a_torn_last_line_is_cut_off_and_its_event_is_taken_again(tmp_path: Path) -> None:
    await written(tmp_path, rows(3))
    whole = (tmp_path / ACTIVE).read_bytes()
    (tmp_path / ACTIVE).write_bytes(whole[:-10])
    log = await opened(tmp_path)
    assert (await log.places())["predictions", 0].next_offset == 2
    assert await append(log, rows(1, start=2)) == 1
    await log.close()
    assert (tmp_path / ACTIVE).read_bytes() == whole


async def test_lines_that_were_written_before_a_crash_but_not_noted_are_kept(tmp_path: Path) -> None:
    await written(tmp_path, rows(2))
    with (tmp_path / ACTIVE).open("ab") as file:
        file.write(lines(rows(2, start=2)) + lines(rows(1, start=4))[:50])
    log = await opened(tmp_path)
    assert (await log.places())["predictions", 0].next_offset == 4
    assert await append(log, rows(5)) == 1
    await log.close()
    assert list(read(tmp_path)) == rows(5)


@pytest.mark.parametrize("torn", [b"", header()[:7], header(), header() + b"half a row"])
async def test_a_file_torn_at_its_very_beginning_begins_again(tmp_path: Path, torn: bytes) -> None:
    (tmp_path / ACTIVE).write_bytes(torn)
    await written(tmp_path, rows(2))
    assert (tmp_path / ACTIVE).read_bytes() == stored(rows(2))


async def test_a_lost_index_is_made_again_from_all_files(tmp_path: Path) -> None:
    await written(tmp_path, rows(3, published_ms=AUGUST), rows(3, start=3, published_ms=SEPTEMBER))
    (tmp_path / INDEX).unlink()
    log = await opened(tmp_path)
    assert (await log.places())["predictions", 0].next_offset == 6
    assert await append(log, rows(7)) == 1
    await log.close()


async def test_a_damaged_index_is_made_again(tmp_path: Path) -> None:
    await written(tmp_path, rows(3))
    (tmp_path / INDEX).write_bytes(b"no database at all" * 1000)
    log = await opened(tmp_path)
    assert await append(log, rows(4)) == 1
    await log.close()


async def test_a_file_that_was_moved_away_is_begun_again_from_the_first_message(tmp_path: Path) -> None:
    await written(tmp_path, rows(3))
    (tmp_path / ACTIVE).unlink()
    log = await opened(tmp_path)
    assert await log.places() == {}
    assert await append(log, rows(3)) == 3
    await log.close()
    assert (tmp_path / ACTIVE).read_bytes() == stored(rows(3))


async def test_a_file_that_is_cut_short_under_the_sink_ends_it(tmp_path: Path) -> None:
    log = await opened(tmp_path)
    await append(log, rows(3))
    (tmp_path / ACTIVE).write_bytes(header())
    with pytest.raises(Fatal, match="cut short or replaced"):
        await append(log, rows(1, start=3))
    await log.close()
    log = await opened(tmp_path)
    assert await append(log, rows(4)) == 4
    await log.close()


async def test_another_file_of_that_name_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / ACTIVE).write_text("date;opponent\n1;2\n")
    log = CsvLog(tmp_path)
    with pytest.raises(InvalidInput, match="no evaluation log of this version"):
        await log.open()
    await log.close()
    assert (tmp_path / ACTIVE).read_text() == "date;opponent\n1;2\n"


async def test_a_month_that_is_over_becomes_a_compressed_file_and_a_new_one_begins(tmp_path: Path) -> None:
    august, september = rows(3, published_ms=AUGUST), rows(2, start=3, published_ms=SEPTEMBER)
    await written(tmp_path, august, september)
    with gzip.open(tmp_path / "evaluation_log-2024-08.csv.gz") as file:
        assert file.read() == stored(august)
    assert (tmp_path / ACTIVE).read_bytes() == stored(september)
    assert list(read(tmp_path)) == august + september
    assert files(tmp_path) == {ACTIVE, "evaluation_log-2024-08.csv.gz"}


async def test_what_was_published_in_an_earlier_month_goes_to_the_file_that_is_open(tmp_path: Path) -> None:
    september, august = rows(2, published_ms=SEPTEMBER), rows(2, start=2, published_ms=AUGUST)
    await written(tmp_path, september, august)
    await written(tmp_path, rows(1, start=4, published_ms=AUGUST))
    assert files(tmp_path) == {ACTIVE}


async def test_a_month_that_was_closed_before_gets_another_number(tmp_path: Path) -> None:
    await written(tmp_path, rows(1, published_ms=AUGUST), rows(1, start=1, published_ms=SEPTEMBER))
    (tmp_path / ACTIVE).write_bytes(header() + lines(rows(1, start=2, published_ms=AUGUST)))
    (tmp_path / INDEX).unlink()
    await written(tmp_path, rows(1, start=3, published_ms=SEPTEMBER))
    assert files(tmp_path, "*.gz") == {"evaluation_log-2024-08.csv.gz", "evaluation_log-2024-08-2.csv.gz"}


@pytest.mark.parametrize("half_done", [True, False])
async def test_a_compression_that_a_crash_ended_is_done_again(tmp_path: Path, half_done: bool) -> None:
    august = rows(3, published_ms=AUGUST)
    await written(tmp_path, august, rows(1, start=3, published_ms=SEPTEMBER))
    packed = tmp_path / "evaluation_log-2024-08.csv.gz"
    content = packed.read_bytes()
    (tmp_path / "evaluation_log-2024-08.csv").write_bytes(header() + lines(august))
    if half_done:
        packed.unlink()
        (tmp_path / "evaluation_log-2024-08.csv.gz.part").write_bytes(content[:20])
    await written(tmp_path)
    assert files(tmp_path) == {ACTIVE, packed.name}
    assert len(list(read(tmp_path))) == 4


async def test_a_month_that_another_process_compresses_is_left_to_it(tmp_path: Path) -> None:
    await written(tmp_path, rows(1, published_ms=SEPTEMBER))
    month, half_done = tmp_path / "evaluation_log-2024-08.csv", tmp_path / "evaluation_log-2024-08.csv.gz.part"
    month.write_bytes(header() + lines(rows(3, start=1, published_ms=AUGUST)))
    half_done.write_bytes(b"of the other process")
    at_it = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(at_it, fcntl.LOCK_EX)
    await written(tmp_path)
    assert month.exists()
    assert half_done.exists()
    os.close(at_it)
    await written(tmp_path)
    assert files(tmp_path) == {ACTIVE, "evaluation_log-2024-08.csv.gz"}


async def test_a_locked_log_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stream_app.evaluation_log.csv_index._LOCK_TIMEOUT_S", 0.05)
    log = await opened(tmp_path)
    other = CsvIndex(tmp_path / INDEX)
    with other.transaction(), pytest.raises(Retryable, match="locked by another process"):
        await append(log, rows(1))
    other.close()
    assert await append(log, rows(1)) == 1
    await log.close()


def write_all(folder: Path, step: int) -> None:
    """Write the same three hundred events as every other process, `step` at a time."""

    async def write() -> None:
        log = await opened(folder)
        for start in range(0, 300, step):
            await append(log, rows(step, start=start))
        await log.close()

    asyncio.run(write())


GATE_S = 30.0
"""Seconds after which the others stop waiting for a process that has failed."""


def open_many(folder: Path, gate: Barrier) -> None:
    """Make new logs at the same moments as the other processes."""

    async def make(number: int) -> None:
        await (await opened(folder / str(number))).close()

    for number in range(20):
        gate.wait(timeout=GATE_S)
        asyncio.run(make(number))


@pytest.mark.slow
async def test_processes_that_make_a_log_at_the_same_moment_all_get_it(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    gate = context.Barrier(4)
    makers = [context.Process(target=open_many, args=(tmp_path, gate)) for _ in range(4)]
    for maker in makers:
        maker.start()
    for maker in makers:
        await asyncio.to_thread(maker.join)
    assert [maker.exitcode for maker in makers] == [0, 0, 0, 0]
    assert all((tmp_path / str(number) / ACTIVE).read_bytes() == header() for number in range(20))


@pytest.mark.slow
async def test_two_processes_that_write_the_same_events_keep_each_once(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=write_all, args=(tmp_path, step)) for step in (2, 3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        await asyncio.to_thread(writer.join)
    assert [writer.exitcode for writer in writers] == [0, 0]
    assert list(read(tmp_path)) == rows(300)


async def test_a_damaged_line_is_left_out_and_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    first, second = rows(2)
    (tmp_path / ACTIVE).write_bytes(header() + lines([first]) + b'torn,"in the middle\n' + lines([second]))
    assert list(read(tmp_path)) == [first, second]
    assert "evaluation_log.csv, line 3: 2 fields" in caplog.text


async def test_a_batch_without_new_events_moves_the_place_and_leaves_the_file_alone(tmp_path: Path) -> None:
    log = await opened(tmp_path)
    await append(log, rows(2))
    before = (tmp_path / ACTIVE).stat().st_mtime_ns
    later = [row._replace(kafka_offset=10) for row in rows(1)]
    assert await log.append(Batch(later, places_of(later)), refuse_nothing) == 0
    assert (await log.places())["predictions", 0].next_offset == 11
    assert (tmp_path / ACTIVE).stat().st_mtime_ns == before
    await log.close()
