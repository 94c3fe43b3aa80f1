"""A person changes which model is at work, in a real browser on the real service."""

from __future__ import annotations

from pathlib import Path

import httpx
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, expect

from stream_app.events import name_id
from stream_app.web.accounts import digest_of
from tests.e2e.conftest import has, web
from tests.e2e.test_accessibility import TAGS
from tests.support import topics
from tests.support.matches import messages, played
from tests.support.programs import environment, running
from tests.support.waiting import until

TOKEN = "sat_" + name_id("a token of the tests")
ACCOUNTS = f"ada:operator:{digest_of(TOKEN)}"


async def test_a_promotion_approved_in_the_browser_takes_effect_and_is_told_on_the_page(
    clean_kafka: str, tmp_path: Path, browser: Browser
) -> None:
    await topics.create_all(clean_kafka)
    models = "elo_softmax,base_rate"
    env = environment(kafka=clean_kafka, models=models, data_dir=tmp_path / "data")
    with (
        running("worker", cwd=tmp_path, env=env),
        web(clean_kafka, tmp_path, web_tokens=ACCOUNTS) as (address, _),
    ):
        await topics.produce(clean_kafka, messages(played("cup", 40)))
        await until(lambda: has(address, "cup"), "the view has read the scoreboard")
        page = await (await browser.new_context(bypass_csp=True)).new_page()
        await page.goto(f"{address}/competitions/cup/models")
        await expect(page.locator("#reign")).to_contain_text("Elo softmax, version 1, is champion", timeout=20_000)
        await expect(page.get_by_role("link", name="Promote")).to_have_count(0)

        await page.get_by_role("link", name="signed in").click()
        await page.get_by_label("Token").fill(TOKEN)
        await page.get_by_role("button", name="Sign in").click()
        await expect(page.locator("#live")).to_have_text("live")
        assert await barriers(page) == []
        await page.locator("#version-base_rate-1").get_by_role("link", name="Promote").click()
        await page.get_by_label("Why").fill("the board wants something simple")
        assert await barriers(page) == []
        await page.get_by_role("button", name="Promote").click()

        await expect(page.locator("#fate")).to_contain_text("Promoted: Base rate, version 1", timeout=20_000)
        await expect(page.locator("#fate")).to_contain_text("by ada: the board wants something simple")
        await expect(page.locator("#reign")).to_contain_text("Base rate, version 1, is champion", timeout=20_000)
        async with httpx.AsyncClient(base_url=address) as client:
            (event,) = (await client.get("/api/v1/model-events?kind=promoted")).json()["items"]
        assert (event["model"], event["who"], event["why"]) == ("base_rate", "ada", "the board wants something simple")
        await expect(page.locator("#history")).to_contain_text("Promoted")


async def barriers(page: Page) -> list[object]:
    """What keeps somebody from using the page, by axe-core."""
    found = await Axe().run(page, options={"runOnly": {"type": "tag", "values": TAGS}})
    return [(it["id"], it["nodes"][0]["html"][:200]) for it in found.response["violations"]]
