"""Stores without the topics, where each is the other's witness, and the command."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from stream_app.errors import InvalidInput
from stream_app.evaluation_log.csv_log import CsvLog, read
from stream_app.evaluation_log.postgres import PostgresLog
from tests.evaluation_log.reconciling import Log, compared, found
from tests.evaluation_log.samples import (
    batch,
    refuse_nothing,
    rows,
)
from tests.support import programs


@pytest.fixture
async def alone(database: str, tmp_path: Path) -> Log:
    """Two stores that hold the same ten events, without Kafka."""
    log = Log("", database, tmp_path)
    for store in (CsvLog(tmp_path), PostgresLog(database)):
        await store.open()
        await store.append(batch(rows(10)), refuse_nothing)
        await store.close()
    return log


async def test_without_the_topics_each_store_is_the_others_witness(alone: Log) -> None:
    await alone.execute("delete from evaluation_log where match_id in ('bundesliga-1', 'bundesliga-2')")
    await alone.execute("update evaluation_log set p_home = 1 where match_id = 'bundesliga-3'")
    alone.edit(lambda lines: [*lines[:5], lines[5].replace(b"0.5,0.5,", b"0.5,0.7,"), *lines[7:]])
    expected = {
        ("postgres", "missing"): 2,
        ("postgres", "different"): 1,
        ("csv", "missing"): 1,
        ("csv", "different"): 1,
    }
    assert found(await compared(alone)) == expected
    assert (await compared(alone, repair=True)).clean
    assert found(await compared(alone)) == {}
    last = {row.event_id: row for row in read(alone.folder) if row.event_type != "repair"}
    assert {id_: row.p_home for id_, row in last.items()} == {row.event_id: 0.5 for row in rows(10)}


async def test_without_the_topics_a_row_that_both_stores_lost_hold_of_is_told_and_left(alone: Log) -> None:
    await alone.execute("update evaluation_log set p_home = 1 where match_id = 'bundesliga-3'")
    alone.edit(
        lambda lines: [line.replace(b"0.5,0.5,", b"0.5,0.7,") if b"bundesliga-3," in line else line for line in lines]
    )
    report = await compared(alone, repair=True)
    assert found(report) == {("postgres", "different"): 1, ("csv", "different"): 1}
    assert not report.clean


async def test_the_file_alone_tells_what_was_changed_in_it(alone: Log) -> None:
    alone.edit(lambda lines: [lines[0].replace(b"0.5,0.5,", b"0.5,0.7,"), *lines[1:], lines[4]])
    report = await compared(alone, with_database=False)
    assert found(report) == {("csv", "different"): 1, ("csv", "duplicated"): 1}


async def test_a_database_that_was_not_made_is_the_users_mistake(database: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="run `stream-app db migrate`"):
        await compared(Log("", database, tmp_path))


@pytest.mark.slow
async def test_the_command_tells_repairs_and_says_by_its_code_whether_all_is_well(alone: Log, tmp_path: Path) -> None:
    env = programs.environment(database_url=alone.database, data_dir=alone.folder)

    async def command(*options: str) -> tuple[int, str, str]:
        ended = await asyncio.to_thread(programs.run, "reconcile", *options, cwd=tmp_path, env=env)
        return ended.returncode, ended.stdout, ended.stderr

    code, out, err = await command()
    assert code == 0
    assert "Clean." in out
    assert "comparing the stores alone: no Kafka" in err
    await alone.execute("delete from evaluation_log where match_id = 'bundesliga-1'")
    code, out, _ = await command()
    assert code == 1
    assert "missing" in out
    assert "Not clean." in out
    code, out, _ = await command("--repair", "--json")
    assert code == 0
    assert json.loads(out)["groups"][0] | {"examples": []} == {
        "side": "postgres",
        "defect": "missing",
        "count": 1,
        "repaired": 1,
        "examples": [],
    }
    code, out, err = await command("--since", "yesterday")
    assert code == 2
    assert "--since 'yesterday'" in err
