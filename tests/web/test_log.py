"""The evaluation log and old matches, as the live view reads them from a real database."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from stream_app.contracts import encode
from stream_app.dev.postgres import Postgres
from stream_app.evaluation_log.own_events import reconciliation_row
from stream_app.evaluation_log.postgres import PostgresLog
from stream_app.evaluation_log.report import Group, Note, Report
from stream_app.evaluation_log.row import LogRow, row_of
from stream_app.evaluation_log.store import Batch
from stream_app.web.app import create_app
from stream_app.web.log_store import LogStore
from stream_app.web.view import View
from tests.web.asked import Reading, text_of
from tests.web.made import HOUR, KICKOFF, TOPIC_OF, Shown, alert, board, evaluation, operating, prediction, record

PUBLISHED_MS = int(KICKOFF.timestamp() * 1000)


async def refuse(row: LogRow, reason: str) -> None:
    raise AssertionError(f"{row.event_id} was refused: {reason}")


async def write(url: str, events: Sequence[Shown]) -> None:
    """Put `events` into the log of the database at `url`, as the sink does."""
    log = PostgresLog(url)
    await log.open()
    rows = [
        row_of(TOPIC_OF[type(event)], 0, offset, PUBLISHED_MS, encode(event)) for offset, event in enumerate(events)
    ]
    await log.append(Batch(rows, {}), refuse)
    await log.close()


@pytest.fixture
async def client(database: str) -> AsyncIterator[httpx.AsyncClient]:
    """A live view that holds a scoreboard of the Bundesliga and no match; everything else is in the database."""
    events: list[Shown] = []
    for number in range(120):
        kickoff = KICKOFF + number * HOUR
        events.append(prediction(f"m{number}", kickoff=kickoff, home="=1+1" if number == 7 else "Schalke 04"))
        events.append(evaluation(f"m{number}", kickoff=kickoff))
    events += [prediction("=HYPERLINK(1)", competition="liga", kickoff=KICKOFF - HOUR), alert(1)]
    events += [prediction("m3", revision=2, kickoff=KICKOFF + 3 * HOUR)]
    await write(database, events)
    view = View(window=100)
    view.apply(record(board(200)))
    store = LogStore(database)
    app, _ = create_app(view, Reading(), operating(), window=100, batch_s=0.3, store=store)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://view") as client:
        yield client
    store.close()


async def test_the_log_is_read_from_new_to_old_page_by_page(client: httpx.AsyncClient) -> None:
    seen: list[tuple[str, str]] = []
    before: str | None = ""
    while before is not None:
        answer = (await client.get("/api/v1/log", params={"limit": 50, "before": before})).json()
        seen += [(item["event_time"], item["event_id"]) for item in answer["items"]]
        before = answer["next"]
    assert len(seen) == len(set(seen)) == 243
    assert seen == sorted(seen, reverse=True)


@pytest.mark.parametrize(
    ("question", "entries"),
    [
        ({"competition": "liga"}, 1),
        ({"competition": "bundesliga", "type": "evaluation"}, 120),
        ({"type": "alert"}, 1),
        ({"match": "m3"}, 3),
        ({"id": prediction("m3").prediction_id}, 2),
        ({"id": evaluation("m3").evaluation_id}, 1),
        ({"type": "evaluation", "until": "1974-05-18T16:31Z"}, 1),
        ({"type": "evaluation", "since": "1974-05-18T18:00+01:00", "until": "1974-05-18T19:31+01:00"}, 2),
        ({"type": "evaluation", "since": "1974-05-19", "until": " 1974-05-20 "}, 24),
        ({"model": "nobody"}, 0),
        ({"competition": "", "type": ""}, 200),
    ],
)
async def test_the_log_is_searched(client: httpx.AsyncClient, question: dict[str, str], entries: int) -> None:
    answer = await client.get("/api/v1/log", params={**question, "limit": 200})
    assert len(answer.json()["items"]) == entries


@pytest.mark.parametrize(
    "question", ["id=nonsense", "before=yesterday", "before=1974-05-18T16:30:00,x", "since=soon", "type=nonsense"]
)
async def test_a_wrong_search_is_told_what_is_wrong(client: httpx.AsyncClient, question: str) -> None:
    name = question.partition("=")[0]
    answer = await client.get(f"/api/v1/log?{question}")
    assert answer.status_code == 400
    assert answer.json()["detail"].startswith(name)
    page = await client.get(f"/log?{question}")
    assert page.status_code == 400
    assert 'role="alert"' in page.text
    assert (await client.get(f"/api/v1/log.csv?{question}")).status_code == 400


async def test_the_page_shows_entries_and_leads_to_older_ones(client: httpx.AsyncClient) -> None:
    page = await client.get("/log?type=evaluation")
    assert page.text.count("<code>") >= 50
    text = await text_of(client, "/log?type=evaluation")
    assert "evaluation final Schalke 04 \N{EN DASH} 1. FC Köln bundesliga Elo softmax version 1" in text
    assert "H 50% D 30% A 20% home win ✓ hit 0.700" in text
    (older,) = re.findall(r'href="([^"]+)" rel="next"', page.text)
    text = await text_of(client, older.replace("&amp;", "&"))
    assert "23 May 1974" not in text
    assert "21 May 1974, 13:30 UTC" in text
    assert "Newest" in text


async def test_the_page_tells_when_the_stores_were_last_compared(client: httpx.AsyncClient, database: str) -> None:
    assert "have not been compared yet" in (await client.get("/log")).text
    lost = Group("postgres", "missing", 3, 0, ())
    for groups, day in ((), 1), ((lost,), 2):
        found = Report({}, {}, groups, Note(0, ()), Note(0, ()))
        log = PostgresLog(database)
        await log.open()
        await log.append(Batch([reconciliation_row(found, datetime(2024, 5, day, tzinfo=UTC))], {}), refuse)
        await log.close()
    text = (await client.get("/log")).text
    assert "last compared" in text
    assert "2 May 2024" in text
    assert ">not clean</a>" in text


async def test_the_download_has_every_row_and_no_formula(client: httpx.AsyncClient) -> None:
    answer = await client.get("/api/v1/log.csv")
    assert answer.headers["content-disposition"] == 'attachment; filename="evaluation_log.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert len(rows) == 243
    assert {row["competition"] for row in rows} == {"bundesliga", "liga"}
    assert [row["match_id"] for row in rows if row["competition"] == "liga"] == ["'=HYPERLINK(1)"]
    scored = next(row for row in rows if row["event_id"] == evaluation("m3").evaluation_id)
    assert (scored["event_time"], scored["hit"], scored["log_loss"]) == ("1974-05-18T19:30:00Z", "true", "0.7")


async def test_a_match_that_is_long_over_comes_from_the_log(client: httpx.AsyncClient) -> None:
    text = await text_of(client, "/competitions/bundesliga/matches/m3")
    assert text.count("superseded") == 2
    assert "ended 2–1" in text  # noqa: RUF001  as shown
    detail = (await client.get("/api/v1/competitions/bundesliga/matches/m3")).json()
    assert [revision["revision"] for revision in detail["revisions"]] == [1, 2]
    assert [it["evaluation_id"] for it in detail["evaluations"]] == [evaluation("m3").evaluation_id]


@pytest.mark.parametrize("match", ["m999", "m3%27%20or%201=1--"])
async def test_a_match_that_nobody_knows_is_not_found(client: httpx.AsyncClient, match: str) -> None:
    for address in ("/competitions/bundesliga/matches/", "/api/v1/competitions/bundesliga/matches/"):
        assert (await client.get(address + match)).status_code == 404


async def test_a_database_without_a_log_says_what_to_do(database: str) -> None:
    app, _ = create_app(View(window=100), Reading(), operating(), window=100, batch_s=0.3, store=LogStore(database))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://view") as client:
        answer = await client.get("/api/v1/log")
        assert answer.status_code == 503
        assert "stream-app db migrate" in answer.json()["detail"]


async def test_without_a_database_the_log_says_how_to_get_one() -> None:
    app, _ = create_app(View(window=100), Reading(), operating(), window=100, batch_s=0.3)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://view") as client:
        page = await client.get("/log")
        assert page.status_code == 503
        assert "STREAM_APP_DATABASE_URL" in page.text


async def test_the_log_comes_back_with_its_database(own_postgres: Postgres) -> None:
    await write(own_postgres.url, [prediction("m1"), evaluation("m1", kickoff=KICKOFF + timedelta(days=1))])
    view = View(window=100)
    view.apply(record(board(200)))
    store = LogStore(own_postgres.url)
    app, _ = create_app(view, Reading(), operating(), window=100, batch_s=0.3, store=store)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://view") as client:
        assert len((await client.get("/api/v1/log")).json()["items"]) == 2
        own_postgres.stop()
        for address in ("/log", "/api/v1/log", "/competitions/bundesliga/matches/m1"):
            assert (await client.get(address)).status_code == 503
        own_postgres.start()
        assert len((await client.get("/api/v1/log")).json()["items"]) == 2
    store.close()
