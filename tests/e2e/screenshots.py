"""Takes the pictures of the live view that the documents show: `python -m tests.e2e.screenshots`.

The whole service runs on real parts and has seen the Bundesliga up to a Saturday in 1996, kickoff an hour ahead.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import itertools
import tempfile
from collections.abc import AsyncIterator, Iterable
from contextlib import ExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
from PIL import Image
from playwright.async_api import Browser, async_playwright

from stream_app.dev.kafka import Kafka
from stream_app.dev.postgres import Postgres
from stream_app.events import Features, Result
from stream_app.feeds.datasets import bundesliga
from stream_app.feeds.publisher import Publisher
from stream_app.feeds.schedule import schedule
from stream_app.topics import RESULTS
from tests.e2e.conftest import web
from tests.support import browser as browsers
from tests.support import topics
from tests.support.programs import environment, running
from tests.support.waiting import until

FOLDER = Path(__file__).parents[2] / "docs" / "img"
NOW = datetime(1996, 4, 20, 13, 0, tzinfo=UTC)
LOOK_BACK = timedelta(days=7)

SCREENS = {"desk": (1280, 900), "phone": (390, 844)}
PAGES = {
    "now": "/",
    "competition": "/competitions/bundesliga",
    "models": "/competitions/bundesliga/models",
    "alerts": "/alerts",
    "log": "/log?type=evaluation",
    "system": "/system",
}
COLOURS = 128
# Charts and times are drawn once the first push has come.
SETTLE_MS = 800
TIMEOUT_S = 600.0


def main() -> None:
    """Run the service and take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where the pictures go")
    target: Path = parser.parse_args().folder
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="stream-app-pictures-") as name, ExitStack() as stack:
        folder = Path(name)
        broker, server = Kafka(folder / "kafka"), Postgres(folder / "postgres", durable=False)
        broker.start()
        stack.callback(broker.stop)
        server.start()
        stack.callback(server.destroy)
        env = environment(kafka=broker.bootstrap, database_url=server.url, data_dir=folder / "data")
        asyncio.run(topics.create_all(broker.bootstrap))
        for program in ("worker", "sink"):
            stack.enter_context(running(program, cwd=folder, env=env))
        address, _ = stack.enter_context(web(broker.bootstrap, folder, database_url=server.url))
        asyncio.run(take(broker.bootstrap, address, target))


async def take(bootstrap: str, address: str, target: Path) -> None:
    """Feed the service at `bootstrap` and take pictures of its view at `address`."""
    past = [event for event in schedule(bundesliga()) if _when(event) <= NOW]
    async with Publisher(bootstrap) as publisher:
        for event in past:
            await publisher.send(event)
    await topics.produce(bootstrap, _nonsense())
    results = sum(isinstance(event, Result) for event in past)
    async with httpx.AsyncClient(base_url=address) as client:
        await until(lambda: _has_read(client, results), "everything is read", TIMEOUT_S)
        match = (await client.get("/api/v1/predictions?state=open&limit=1")).json()["items"][0]["match_id"]
    pages = PAGES | {"match": f"/competitions/bundesliga/matches/{match}"}
    async with _chromium() as browser:
        for (name, path), (screen, (width, height)) in itertools.product(pages.items(), SCREENS.items()):
            await _picture(browser, address + path, target / f"{name}-{screen}.png", width, height)
        await _picture(browser, address, target / "now-desk-dark.png", *SCREENS["desk"], dark=True)


async def _picture(browser: Browser, address: str, file: Path, width: int, height: int, *, dark: bool = False) -> None:
    context = await browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if dark else "light",
        locale="en-GB",
        timezone_id="Europe/Berlin",
    )
    page = await context.new_page()
    await page.goto(address)
    await page.wait_for_timeout(SETTLE_MS)
    picture = Image.open(io.BytesIO(await page.screenshot()))
    # A page has few colours, and a picture with a table of them is a third of the size.
    picture.convert("RGB").quantize(COLOURS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).save(
        file, optimize=True
    )
    print(file, flush=True)
    await context.close()


@asynccontextmanager
async def _chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=browsers.find(), args=browsers.FLAGS)
        yield browser
        await browser.close()


def _when(event: Features | Result) -> datetime:
    return event.as_of if isinstance(event, Features) else event.finished_at


def _nonsense() -> Iterable[topics.Message]:
    yield RESULTS, b"bundesliga", b'{"match_id": "m1", "home_goals": -1}'
    yield RESULTS, b"bundesliga", b"score: 2-1"


async def _has_read(client: httpx.AsyncClient, results: int) -> bool:
    counts = (await client.get("/api/v1/status")).json()["counts"]
    log = (await client.get("/api/v1/log?limit=1&type=evaluation")).json()
    newest = log["items"][0]["event_time"] if log.get("items") else ""
    return counts["evaluations"] == results and counts["dead_letters"] == 2 and newest >= f"{NOW - LOOK_BACK:%Y-%m-%d}"


if __name__ == "__main__":
    main()
