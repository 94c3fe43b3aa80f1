from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from pathlib import Path

import asyncpg
import httpx
import pytest
from prometheus_client import REGISTRY

from stream_app.dev.postgres import Postgres
from stream_app.dev.process import free_ports
from stream_app.evaluation_log.csv_log import CsvLog, read
from stream_app.evaluation_log.database import bring_up_to_date
from stream_app.evaluation_log.postgres import PostgresLog
from stream_app.evaluation_log.reconcile import Sides
from stream_app.evaluation_log.row import LogRow
from stream_app.evaluation_log.schedule import reconcile_every
from tests.evaluation_log.broker import make_topics_anew
from tests.evaluation_log.samples import batch, refuse_nothing, rows
from tests.evaluation_log.sent import matches, messages
from tests.support import programs, topics
from tests.support.waiting import until

OFTEN_S = 0.05


def rounds(folder: Path, count: int) -> Callable[[], bool]:
    return lambda: len(compared(folder)) >= count


def compared(folder: Path) -> list[LogRow]:
    return [row for row in read(folder) if row.event_type == "reconciliation"]


async def filled(folder: Path, url: str) -> None:
    for store in (CsvLog(folder), PostgresLog(url)):
        await store.open()
        await store.append(batch(rows(4)), refuse_nothing)
        await store.close()


async def test_every_comparison_is_kept_in_both_stores_with_what_it_found(database: str, tmp_path: Path) -> None:
    await filled(tmp_path, database)
    stopped = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(reconcile_every(OFTEN_S, Sides(tmp_path, database, None), 30.0, stopped))
        await until(rounds(tmp_path, 2), "two rounds are kept")
        connection = await asyncpg.connect(database)
        await connection.execute("delete from evaluation_log where match_id = 'bundesliga-1'")
        found = len(compared(tmp_path))
        await until(rounds(tmp_path, found + 2), "two more rounds are kept")
        stopped.set()
    first, last = compared(tmp_path)[0], compared(tmp_path)[-1]
    assert (first.status, json.loads(first.metadata)["events"]) == ("clean", {"csv": 4, "postgres": 4})
    assert last.status == "not clean"
    wrong = {"side": "postgres", "defect": "missing"}
    assert REGISTRY.get_sample_value("stream_app_log_defects", wrong) == 1
    assert (REGISTRY.get_sample_value("stream_app_reconciliations_total", {"verdict": "not clean"}) or 0) >= 2
    assert json.loads(last.metadata)["groups"][0]["defect"] == "missing"
    kept = await connection.fetchval("select count(*) from evaluation_log where event_type = 'reconciliation'")
    assert kept == len(compared(tmp_path))
    await connection.close()


async def test_a_round_without_the_database_is_told_and_the_next_one_made(
    own_postgres: Postgres, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    await bring_up_to_date(own_postgres.url)
    await filled(tmp_path, own_postgres.url)
    own_postgres.stop()
    stopped = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(reconcile_every(OFTEN_S, Sides(tmp_path, own_postgres.url, None), 30.0, stopped))
        await until(lambda: "was not reconciled this time" in caplog.text, "it is told")
        own_postgres.start()
        await until(rounds(tmp_path, 1), "a round is kept")
        stopped.set()
    assert "the log is clean" in caplog.text


@pytest.mark.slow
async def test_the_sink_reconciles_while_it_reads(kafka: str, database: str, tmp_path: Path) -> None:
    await make_topics_anew(kafka)
    await topics.produce(kafka, messages(matches(10)))
    (port,) = free_ports(None)
    env = programs.environment(
        kafka=kafka,
        database_url=database,
        data_dir=tmp_path / "data",
        reconcile_interval_s=OFTEN_S,
        metrics_port=port,
    )
    with programs.running("sink", cwd=tmp_path, env=env) as child:
        await until(lambda: bool(compared(tmp_path / "data")), "a round is kept")
        await topics.produce(kafka, messages(matches(10, start=10)))
        published = len(compared(tmp_path / "data"))
        await until(rounds(tmp_path / "data", published + 3), "more rounds are kept")
        await until(lambda: sum(row.kafka_topic is not None for row in read(tmp_path / "data")) == 40, "all is read")
        child.require_running()
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
            shown = (await client.get("/metrics")).text
            ready = await client.get("/readyz")
    assert child.returncode() == 0
    assert 'stream_app_log_events_total{store="csv"} 40.0\n' in shown
    assert ready.text == "ready\n"
    assert {row.status for row in compared(tmp_path / "data")} == {"clean"}
