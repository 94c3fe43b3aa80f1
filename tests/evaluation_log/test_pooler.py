from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from stream_app.errors import InvalidInput
from stream_app.evaluation_log import reconcile as work
from stream_app.evaluation_log import tls
from stream_app.evaluation_log.csv_log import CsvLog
from stream_app.evaluation_log.database import bring_up_to_date, connected, missing_migrations
from stream_app.evaluation_log.findings import Window
from stream_app.evaluation_log.postgres import PostgresLog
from stream_app.evaluation_log.report import Report
from stream_app.evaluation_log.row import LogRow
from tests.evaluation_log.pooler import pgbouncer
from tests.evaluation_log.samples import batch, places_of, refuse_nothing, rows


@pytest.fixture
def pooled(database: str) -> Iterator[str]:
    with pgbouncer(database) as (url, _):
        yield url


async def test_several_writers_share_a_pooler_in_transaction_mode(pooled: str) -> None:
    await asyncio.gather(*(bring_up_to_date(pooled) for _ in range(3)))
    assert await missing_migrations(pooled) == []
    stores = [PostgresLog(pooled) for _ in range(5)]
    for store in stores:
        await store.open()

    async def write(store: PostgresLog) -> int:
        added = 0
        for start in range(0, 200, 10):
            added += await store.append(batch(rows(15, start=start)), refuse_nothing)
            assert (await store.places())["predictions", 0].next_offset >= 15
        return added

    assert sum(await asyncio.gather(*map(write, stores))) == 205
    async with connected(pooled) as connection, connection.transaction():
        assert await connection.fetchval("select count(*) from evaluation_log") == 205
    for store in stores:
        await store.close()


async def test_a_refused_row_is_found_through_a_pooler(pooled: str) -> None:
    store = PostgresLog(pooled)
    await store.open()
    async with connected(pooled) as connection:
        await connection.execute("alter table evaluation_log add check (match_id <> 'bundesliga-3')")
    refused: list[str | None] = []

    async def refuse(row: LogRow, reason: str) -> None:
        refused.append(row.match_id)

    assert await store.append(batch(rows(6)), refuse) == 5
    assert refused == ["bundesliga-3"]
    assert await store.places() == places_of(rows(6))
    await store.close()


async def test_a_log_is_reconciled_through_a_pooler(pooled: str, tmp_path: Path) -> None:
    for store in (CsvLog(tmp_path), PostgresLog(pooled)):
        await store.open()
        await store.append(batch(rows(50)), refuse_nothing)
        await store.close()
    async with connected(pooled) as connection:
        await connection.execute("delete from evaluation_log where match_id like '%7'")
        await connection.execute("update evaluation_log set p_home = 0 where match_id like '%8'")
    sides = work.Sides(tmp_path, pooled, None)

    async def reconcile(*, repair: bool) -> Report:
        return await work.reconcile(
            sides, Window(), expire_after_days=30.0, repair=repair, now=datetime(2024, 9, 1, tzinfo=UTC)
        )

    report = await reconcile(repair=True)
    assert {(group.defect, group.count, group.repaired) for group in report.groups} == {
        ("missing", 5, 5),
        ("different", 5, 5),
    }
    assert (await reconcile(repair=False)).groups == []


async def test_a_server_that_proves_its_name_is_trusted(database: str) -> None:
    with pgbouncer(database, tls=True) as (url, folder):
        await bring_up_to_date(f"{url}?sslmode=verify-full&sslrootcert={folder}/authority.pem")


async def test_a_server_elsewhere_whose_certificate_nobody_knows_is_not_trusted(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tls, "_is_near", lambda host: False)
    with pgbouncer(database, tls=True) as (url, _):
        with pytest.raises(InvalidInput, match=r"cannot be verified\. Download the certificate"):
            await bring_up_to_date(url)
        await bring_up_to_date(f"{url}?sslmode=require")


async def test_a_server_elsewhere_that_does_not_encrypt_is_not_trusted(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tls, "_is_near", lambda host: False)
    with pytest.raises(InvalidInput, match="does not speak TLS"):
        await bring_up_to_date(database)
    await bring_up_to_date(f"{database}?sslmode=disable")


@pytest.mark.parametrize(
    ("url", "has_to_prove"),
    [
        ("postgresql://u:p@localhost:5432/x", False),
        ("postgresql://u:p@127.0.0.1/x", False),
        ("postgresql://u:p@[::1]:5432/x", False),
        ("postgresql://u:p@postgres:5432/x", False),
        ("postgresql://u:p@10.0.3.4/x", False),
        ("postgresql:///x?host=/var/run/postgresql", False),
        ("postgresql://postgres.ref:p@aws-0-eu-central-1.pooler.supabase.com:6543/postgres", True),
        ("postgresql://u:p@34.107.1.2/x", True),
        ("postgresql://u:p@[2600:1f18::1]:5432/x", True),
        ("postgresql://u:p@localhost,db.example.com:5432/x", True),
        ("postgresql://u:p@db.example.com/x?sslmode=require", False),
    ],
)
def test_a_server_elsewhere_has_to_prove_its_name(url: str, has_to_prove: bool) -> None:
    assert (tls.context_for(url) is not None) is has_to_prove
