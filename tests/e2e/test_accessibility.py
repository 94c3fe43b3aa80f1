"""Every page can be used by everybody: axe-core finds nothing serious, and the keyboard reaches everything."""

from __future__ import annotations

from typing import Literal

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, expect

from tests.e2e.conftest import has, send
from tests.support import topics
from tests.support.waiting import until
from tests.web.made import alert, analytics, board, evaluation, model_event, prediction, proposal_line, registry

PAGES = (
    "/",
    "/competitions/seen",
    "/competitions/seen/matches/m1",
    "/models",
    "/competitions/seen/models?command=c1",
    "/alerts",
    "/log",
    "/system",
    "/sign-in",
    "/competitions/none",
)
pytestmark = pytest.mark.slow(10)

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


async def fill(kafka: str, view: str) -> None:
    """Messages of every kind, so that every kind of row is on some page."""
    await topics.produce(kafka, [("dead-letters", b"seen", b"not JSON")])
    await send(
        kafka,
        prediction("m1", competition="seen"),
        prediction("open", competition="seen"),
        *(evaluation(f"m{number}", competition="seen") for number in range(120)),
        alert(1, competition="seen"),
        alert(1, competition="seen", model="base_rate"),
        alert(2, competition="seen", model="base_rate", state="resolved"),
        registry(proposals=(proposal_line(),), competition="seen"),
        model_event(1, "refused", competition="seen", command_id="c1", reason="it is champion already"),
        analytics("seen"),
        board(120, competition="seen"),
    )
    await until(lambda: has(view, "seen"), "the view has read it")


@pytest.mark.parametrize(("scheme", "width"), [("light", 360), ("dark", 1400)])
async def test_no_page_has_a_serious_barrier(
    kafka: str, view: str, browser: Browser, scheme: Literal["light", "dark"], width: int
) -> None:
    await fill(kafka, view)
    context = await browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 900}, bypass_csp=True)
    page = await context.new_page()
    for path in PAGES:
        await page.goto(view + path)
        await expect(page.locator("#live")).to_have_attribute("data-phase", "live")
        found = await Axe().run(page, options={"runOnly": {"type": "tag", "values": TAGS}})
        barriers = {
            (it["id"], node["html"][:200], node["failureSummary"])
            for it in found.response["violations"]
            if it["impact"] in ("serious", "critical", "moderate")
            for node in it["nodes"]
        }
        assert barriers == set(), path
    await context.close()


async def test_the_keyboard_reaches_the_content_first(kafka: str, view: str, page: Page) -> None:
    await fill(kafka, view)
    await page.goto(view)
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    await page.keyboard.press("Enter")
    await page.keyboard.press("Tab")
    assert await page.evaluate("document.querySelector('main').contains(document.activeElement)")


async def test_a_focused_link_stays_focused_when_its_row_changes(kafka: str, view: str, page: Page) -> None:
    await fill(kafka, view)
    await page.goto(f"{view}/competitions/seen")
    await expect(page.locator("#live")).to_have_text("live")
    row = page.locator("#p-seen-open")
    await row.get_by_role("link").focus()
    await send(kafka, evaluation("open", competition="seen"))
    await expect(row).to_contain_text("ended")
    await expect(row.get_by_role("link")).to_be_focused()
