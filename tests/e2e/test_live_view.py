"""The live view as a person sees it: real messages on a real broker, in a real browser."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Browser, Page, expect

from stream_app.dev.kafka import Kafka
from tests.e2e.conftest import has, send, web
from tests.lifecycle.test_pooling import season
from tests.support import topics
from tests.support.programs import environment, run
from tests.support.waiting import until
from tests.web.made import (
    KICKOFF,
    Shown,
    alert,
    analytics,
    board,
    evaluation,
    model_event,
    prediction,
    proposal_line,
    registry,
    version_line,
)

HOSTILE = "<img src=x onerror=window.brokenInto=true>"


@pytest.fixture
async def page(browser: Browser) -> AsyncIterator[Page]:
    """A page of a viewer in Tokyo; anything that the browser complains about fails the test."""
    context = await browser.new_context(locale="en-GB", timezone_id="Asia/Tokyo")
    page = await context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
    yield page
    away = ("net::ERR_CONNECTION_REFUSED", "net::ERR_INCOMPLETE_CHUNKED_ENCODING", "net::ERR_EMPTY_RESPONSE")
    assert [text for text in complaints if not any(reason in text for reason in away)] == []
    await context.close()


async def open_page(page: Page, address: str) -> None:
    """Open the page, and mark it so that a reload would show."""
    await page.goto(address)
    await page.evaluate("window.neverReloaded = true")
    await expect(page.locator("#live")).to_have_text("live")


async def is_the_same_page(page: Page) -> bool:
    return bool(await page.evaluate("window.neverReloaded === true"))


async def test_a_match_page_follows_its_match(kafka: str, view: str, page: Page) -> None:
    await send(kafka, prediction("followed", home="Hansa Rostock"))
    await open_page(page, view)
    await page.get_by_role("link", name="Hansa Rostock").first.click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Hansa Rostock \N{EN DASH} 1. FC Köln")
    await page.evaluate("window.neverReloaded = true")
    await send(kafka, prediction("followed", revision=2))
    await expect(page.locator("#revisions tr")).to_have_count(4)
    await send(kafka, evaluation("followed", revision=2))
    await expect(page.locator("#endings")).to_contain_text("hit")
    assert await is_the_same_page(page)


async def test_the_chart_is_drawn_and_grows(kafka: str, view: str, page: Page) -> None:
    results = [
        evaluation(f"m{number}", competition="drawn", kickoff=KICKOFF + timedelta(days=number), log_loss=1.0)
        for number in range(140)
    ]
    await send(kafka, *results[:100], board(100, competition="drawn"))
    await until(lambda: has(view, "drawn"), "the view has read it")
    await open_page(page, f"{view}/competitions/drawn")
    legend = page.locator("#loss-drawn .u-legend")
    await expect(legend).to_contain_text("Elo softmax")
    await expect(legend).to_contain_text("25 Aug 1974")
    await send(kafka, *results[100:])
    await expect(legend).to_contain_text("4 Oct 1974")
    await expect(page.locator("#loss-drawn canvas")).to_have_count(1)
    assert await is_the_same_page(page)


async def test_a_name_that_is_html_is_shown_as_text(kafka: str, view: str, page: Page) -> None:
    await open_page(page, view)
    await send(kafka, prediction("hostile", home=HOSTILE, competition=HOSTILE))
    row = page.locator("#predictions tr", has_text="onerror")
    await expect(row).to_contain_text(HOSTILE)
    await page.goto(view)
    await expect(row).to_contain_text(HOSTILE)
    await row.get_by_role("link", name="onerror").click()
    await expect(page.get_by_role("heading", level=1)).to_contain_text(HOSTILE)
    assert await page.locator("main img").count() == 0
    assert await page.evaluate("window.brokenInto === undefined")


async def test_times_are_in_the_viewers_zone_with_utc_on_hover(kafka: str, view: str, page: Page) -> None:
    await send(kafka, prediction("m1", competition="timed"))
    await open_page(page, view)
    time = page.locator("#p-timed-m1 time")
    await expect(time).to_have_text("18 May 1974, 23:30")
    assert await time.get_attribute("title") == "18 May 1974, 14:30:00 UTC"


async def test_without_javascript_the_figures_are_there(kafka: str, view: str, browser: Browser) -> None:
    await send(kafka, prediction("m1", competition="plain"), board(200, competition="plain"))
    await until(lambda: has(view, "plain"), "the view has read it")
    context = await browser.new_context(java_script_enabled=False)
    page = await context.new_page()
    await page.goto(f"{view}/competitions/plain")
    await expect(page.locator("#p-plain-m1")).to_contain_text("18 May 1974, 14:30 UTC")
    await expect(page.locator("#board-plain")).to_contain_text("0.9800")
    await context.close()


@pytest.mark.parametrize(("width", "height"), [(360, 740), (1400, 1000)])
async def test_no_page_is_wider_than_the_screen(kafka: str, view: str, page: Page, width: int, height: int) -> None:
    await page.set_viewport_size({"width": width, "height": height})
    name, long = f"wide-{width}", "Sportvereinigung " * 4
    await send(
        kafka,
        prediction("m1", home=long, competition=name),
        evaluation("m1", home=long, competition=name),
        board(200, competition=name),
        alert(1, competition=name),
        registry(proposals=(proposal_line(),), competition=name),
        model_event(competition=name, reason=long * 3),
        analytics(name),
    )
    await until(lambda: has(view, name), "the view has read it")
    here = f"/competitions/{name}"
    for path in ("/", here, f"{here}/matches/m1", "/models", f"{here}/models", "/alerts", "/system", "/sign-in"):
        await open_page(page, view + path)
        assert await page.evaluate("document.documentElement.scrollWidth") <= width, path


async def test_a_first_visit_is_light(kafka: str, view: str, browser: Browser) -> None:
    events: list[Shown] = []
    for number in range(700):
        made = prediction(f"m{number}", kickoff=KICKOFF + timedelta(days=number), home=f"Team {number % 18}")
        events += [
            replace(made, home_rating=number / 7),
            evaluation(f"m{number}", kickoff=KICKOFF + timedelta(days=number), log_loss=1.0 + number % 83 / 300),
        ]
    await send(kafka, *events, registry(), analytics(), board(200))
    await until(lambda: has(view, "bundesliga"), "the view has read it")
    for path in ("/", "/competitions/bundesliga", "/competitions/bundesliga/models"):
        assert await transferred(browser, view + path) < 150_000, path


async def transferred(browser: Browser, address: str) -> int:
    """Bytes that come over the wire when the page is opened with an empty cache, up to its first push."""
    context = await browser.new_context()
    page = await context.new_page()
    tools = await context.new_cdp_session(page)
    await tools.send("Network.enable")
    sizes: list[int] = []
    tools.on("Network.dataReceived", lambda event: sizes.append(event["encodedDataLength"]))
    await page.goto(address)
    await expect(page.locator("#live")).to_have_text("live")
    await context.close()
    assert len(sizes) > 3
    return sum(sizes)


async def test_messages_change_the_open_page_without_a_reload(clean_kafka: str, tmp_path: Path, page: Page) -> None:
    await topics.create_all(clean_kafka)
    with web(clean_kafka, tmp_path) as (address, _):
        await open_page(page, address)
        await expect(page.locator("#predictions")).to_contain_text("No prediction yet")

        await send(clean_kafka, prediction("m1"))
        row = page.locator("#p-bundesliga-m1")
        await expect(row).to_contain_text("Schalke 04")
        await expect(row).to_contain_text("H 50%")
        await expect(row).to_contain_text("before kickoff")
        await expect(page.locator("#predictions tr")).to_have_count(1)

        await send(clean_kafka, evaluation("m1"), board(200), alert(1))
        await expect(row).to_contain_text("ended 2\N{EN DASH}1")
        await expect(page.locator("#e-bundesliga-m1")).to_contain_text("hit")
        await expect(page.locator("#board-bundesliga tr").first).to_contain_text("Elo softmax")
        await expect(page.locator("#board-bundesliga tr").first).to_contain_text("0.9800")
        await expect(page.locator("#alerts")).to_contain_text("7.1% above its baseline")
        await expect(page.locator("#tile-scored")).to_contain_text("200")

        await send(clean_kafka, board(201, as_of=KICKOFF + timedelta(hours=3), loss=0.9), alert(2, state="resolved"))
        await expect(page.locator("#board-bundesliga tr").first).to_contain_text("0.9000")
        await expect(page.locator("#alerts")).to_contain_text("No alert is open")
        assert await is_the_same_page(page)


@pytest.mark.slow(20)
async def test_what_all_competitions_prove_together_is_on_the_page_and_grows_without_a_reload(
    clean_kafka: str, tmp_path: Path, page: Page
) -> None:
    await topics.create_all(clean_kafka)

    def told(competition: str) -> list[Shown]:
        line_up = registry(version_line("old"), version_line("new", 1, "challenger"), competition=competition)
        # The first 30 are those of cold models.
        return [line_up, *season(competition, 68)]

    await send(clean_kafka, *told("league 0"))
    with web(clean_kafka, tmp_path, promote_scope="all") as (address, _):
        await open_page(page, f"{address}/models")
        row = page.locator("tr", has_text="all versions")
        await expect(row).to_contain_text("38")
        await send(clean_kafka, *told("league 1"))
        await expect(row).to_contain_text("76", timeout=20_000)
        assert await is_the_same_page(page)


async def test_the_page_survives_a_restart_of_the_view(clean_kafka: str, tmp_path: Path, page: Page) -> None:
    await topics.create_all(clean_kafka)
    await send(clean_kafka, prediction("m1"))
    with web(clean_kafka, tmp_path) as (address, _):
        await open_page(page, address)
        await expect(page.locator("#predictions tr")).to_have_count(1)
    await expect(page.locator("#live")).to_have_text("reconnecting")
    await send(clean_kafka, prediction("m2"))
    with web(clean_kafka, tmp_path, port=int(address.rpartition(":")[2])):
        await expect(page.locator("#live")).to_have_text("live", timeout=20_000)
        await expect(page.locator("#p-bundesliga-m2")).to_be_visible()
        assert await is_the_same_page(page)


@pytest.mark.slow(20)
async def test_the_page_says_that_the_broker_is_away_and_goes_on_when_it_is_back(
    own_broker: Kafka, tmp_path: Path, page: Page
) -> None:
    await topics.create_all(own_broker.bootstrap)
    await send(own_broker.bootstrap, prediction("m1"))
    with web(own_broker.bootstrap, tmp_path) as (address, _):
        await open_page(page, address)
        own_broker.stop()
        await expect(page.locator("#live")).to_contain_text("stale since", timeout=20_000)
        await expect(page.locator("#notice")).to_contain_text("does not answer")
        await expect(page.locator("#p-bundesliga-m1")).to_be_visible()
        own_broker.start()
        await send(own_broker.bootstrap, prediction("m2"))
        await expect(page.locator("#p-bundesliga-m2")).to_be_visible(timeout=20_000)
        await expect(page.locator("#live")).to_have_text("live", timeout=20_000)
        await expect(page.locator("#notice")).to_be_hidden()
        assert await is_the_same_page(page)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_the_view_ends_at_once_and_well_while_pages_are_open(
    clean_kafka: str, tmp_path: Path, number: signal.Signals
) -> None:
    await topics.create_all(clean_kafka)
    with web(clean_kafka, tmp_path) as (address, child):
        async with httpx.AsyncClient() as client, client.stream("GET", f"{address}/live/now") as stream:
            lines = stream.aiter_lines()
            assert await anext(lines) == "event: patch"
            os.kill(child.pid, number)
            async for _ in lines:
                pass
        await until(lambda: child.returncode() is not None, "the process has ended")
        assert child.returncode() == 0
        assert "Traceback" not in (tmp_path / "web.log").read_text()


async def test_a_port_that_is_taken_is_a_clear_error(view: str, kafka: str, tmp_path: Path) -> None:
    port = view.rpartition(":")[2]
    done = run("web", "--port", port, cwd=tmp_path, env=environment(kafka=kafka))
    assert done.returncode == 2
    assert json.loads(done.stderr)["message"] == f"cannot listen on 127.0.0.1, port {port}: Address already in use"
