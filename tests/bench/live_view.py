"""Measures the live view on a real broker, in a real browser: `python -m tests.bench.live_view`.

* How long after a message is sent it is on an open page, at a steady pace and with several browsers.
* What a first visit costs: bytes, and time until the first row is visible, on this machine and on a slow phone.
* What many viewers cost the server, and what a flood of messages costs server and page.

With `--soak MINUTES` only the flood, for so long: it fails when the page freezes, or when page or server go on growing.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from statistics import quantiles

import httpx
import psutil
from aiokafka import AIOKafkaProducer
from playwright.async_api import Browser, CDPSession, Page, async_playwright

from stream_app.contracts import encode
from stream_app.dev.kafka import Kafka
from tests.e2e.conftest import web
from tests.support import browser as browsers
from tests.support import topics
from tests.support.waiting import until
from tests.web.made import KICKOFF, TOPIC_OF, Shown, board, evaluation, prediction

MIB = 1024 * 1024
TICK_S = 0.02
LINGER_MS = 10
"""Messages wait this long for company, as a worker's do, else the source itself could not keep the pace."""

SILENCE_S = 30.0
# The throttling that browsers' tools call a slow phone: 1.6 Mbit/s, 150 ms there and back, a quarter of the processor.
PHONE = {"offline": False, "downloadThroughput": 1.6e6 / 8, "uploadThroughput": 750e3 / 8, "latency": 150}
PHONE_SLOWER = 4

# Notes when the page first shows each number of scored matches, which is the number of the newest message.
WATCH = """
window.shown = [];
const note = () => {
  const text = document.querySelector('#tile-scored dd')?.textContent.replaceAll(',', '');
  if (text && window.shown.at(-1)?.[1] !== Number(text)) window.shown.push([Date.now(), Number(text)]);
};
new MutationObserver(note).observe(document.querySelector('#tiles'), {childList: true, subtree: true});
"""


# Notes the longest time for which the page did not come to do anything else.
LISTEN = """
window.longest = 0;
let last = performance.now();
setInterval(() => {
  const now = performance.now();
  window.longest = Math.max(window.longest, now - last);
  last = now;
}, 20);
"""

SOAK_PACE = 2_000
SOAK_LOOKS = 10
BACKLOG_S = 600.0
"""Seconds for which a view that fell behind is waited for, as on a machine that has other things to do."""

FROZEN_MS = 1_000
"""Pause of the page that a person would call frozen."""

GROWTH_MIB = 20.0
"""By how much the page may be larger in the second half of a soak than in the first, and the server too: what a bounded
store still gains by chance. A leak of one row a second would be more in an hour, one of every message in a minute."""


@dataclass(frozen=True, slots=True)
class Flood:
    """What a steady flow cost.

    `pace` is in matches a second, as it was reached; latencies are in milliseconds, the processor in percent of one,
    memory in MiB.
    """

    pace: float
    p50: float
    p95: float
    p99: float
    server_cpu: float
    server_mib: float
    heap_mib: float


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--seconds", type=float, default=20.0, help="length of each flow of messages")
    parser.add_argument("--soak", type=float, metavar="MINUTES", help="only a flood, for so many minutes")
    arguments = parser.parse_args()
    steady = True
    with tempfile.TemporaryDirectory(prefix="stream-app-bench-") as folder:
        broker = Kafka(Path(folder) / "kafka")
        broker.start()
        try:
            asyncio.run(topics.create_all(broker.bootstrap))
            with web(broker.bootstrap, Path(folder)) as (address, child):
                server = psutil.Process(child.pid)
                if arguments.soak is None:
                    asyncio.run(measure(broker.bootstrap, address, server, arguments.seconds))
                else:
                    steady = asyncio.run(soak(broker.bootstrap, address, server, 60.0 * arguments.soak))
        finally:
            broker.stop()
    sys.exit(0 if steady else 1)


async def measure(bootstrap: str, address: str, server: psutil.Process, seconds: float) -> None:
    """Measure everything against the live view at `address`."""
    async with async_playwright() as playwright, AsyncExitStack() as stack:
        browser = await playwright.chromium.launch(executable_path=browsers.find(), args=browsers.FLAGS)
        source = await stack.enter_async_context(Source.on(bootstrap))
        await source.send(pace=500, seconds=1)
        await until(lambda: _shows(address, source.sent), "the view has read it")
        for name, throttled in (("this machine", False), ("slow phone", True)):
            size, first_row = await visit(browser, address, throttled=throttled)
            print(f"first visit, {name}: {size / 1000:.0f} kB, first row after {first_row:.0f} ms", flush=True)
        for pace, pages in ((200, 3), (2_000, 1)):
            flood = await flow(browser, address, server, source, pace, pages, seconds)
            print(
                f"{flood.pace:,.0f} matches/s, {pages} page(s): on the page after {flood.p50:.0f} / {flood.p95:.0f} /"
                f" {flood.p99:.0f} ms (p50 / p95 / p99); server {flood.server_cpu:.0f} % of a processor,"
                f" {flood.server_mib:.0f} MiB; page's heap grew by {flood.heap_mib:.1f} MiB",
                flush=True,
            )
        await browser.close()
        async with AsyncExitStack() as viewers:
            for _ in range(50):
                await viewers.enter_async_context(_viewer(address))
            server.cpu_percent()
            await source.send(pace=200, seconds=seconds)
            print(f"50 viewers at 200 matches/s: server {server.cpu_percent():.0f} % of a processor", flush=True)


async def soak(bootstrap: str, address: str, server: psutil.Process, seconds: float) -> bool:
    """Flood an open page for `seconds`. Whether it neither froze nor grew, nor did the server."""
    async with async_playwright() as playwright, Source.on(bootstrap, small=True) as source:
        browser = await playwright.chromium.launch(executable_path=browsers.find(), args=browsers.FLAGS)
        # Until every store is full, all of them grow.
        await source.send(pace=SOAK_PACE, seconds=min(30.0, seconds / 4))
        page = await browser.new_page()
        await page.goto(f"{address}/competitions/bundesliga")
        await page.evaluate(LISTEN)
        tools = await page.context.new_cdp_session(page)
        heaps, sizes, longest = [], [], 0.0
        for look in range(SOAK_LOOKS):
            await page.evaluate("window.longest = 0")
            began, first = time.monotonic(), source.sent
            await source.send(pace=SOAK_PACE, seconds=seconds / SOAK_LOOKS)
            pace = (source.sent - first) / (time.monotonic() - began)
            await until(lambda: _shows(address, source.sent), "the view has read it", BACKLOG_S)
            behind = time.monotonic() - began - seconds / SOAK_LOOKS
            pause = float(await page.evaluate("window.longest"))
            longest = max(longest, pause)
            heaps.append(await _heap(tools) / MIB)
            sizes.append(server.memory_info().rss / MIB)
            print(
                f"{look + 1}/{SOAK_LOOKS}: {source.sent:,} matches, {pace:,.0f}/s, read {behind:.1f} s later;"
                f" page's longest pause {pause:.0f} ms,"
                f" heap {heaps[-1]:.1f} MiB; server {sizes[-1]:.0f} MiB",
                flush=True,
            )
        await browser.close()
    grown = [max(figures[SOAK_LOOKS // 2 :]) - max(figures[: SOAK_LOOKS // 2]) for figures in (heaps, sizes)]
    print(
        f"longest pause {longest:.0f} ms (at most {FROZEN_MS}); second half against first: page {grown[0]:+.1f} MiB,"
        f" server {grown[1]:+.1f} MiB (at most {GROWTH_MIB:.0f})"
    )
    return longest <= FROZEN_MS and max(grown) <= GROWTH_MIB


class Source:
    """Publishes matches of one competition: each its prediction, its evaluation and the scoreboard after it."""

    def __init__(self, producer: AIOKafkaProducer) -> None:
        self.sent = 0
        self.times: list[float] = []
        self._producer = producer

    @classmethod
    @asynccontextmanager
    async def on(cls, bootstrap: str, *, small: bool = False) -> AsyncIterator[Source]:
        """A source on the broker at `bootstrap`.

        With `small`, messages shrink together with others that are much like them to a tenth: an hour of them has to
        fit on a disk.
        """
        smaller = {"compression_type": "gzip"} if small else {}
        producer = AIOKafkaProducer(bootstrap_servers=bootstrap, linger_ms=LINGER_MS, **smaller)
        await producer.start()
        try:
            yield cls(producer)
        finally:
            await producer.stop()

    async def send(self, *, pace: int, seconds: float) -> None:
        """Send `pace` matches a second for `seconds`."""
        began, first = time.monotonic(), self.sent
        while (elapsed := time.monotonic() - began) < seconds:
            while self.sent - first < elapsed * pace:
                await self._match()
            await asyncio.sleep(TICK_S)
        await self._producer.flush()

    async def _match(self) -> None:
        number = self.sent + 1
        kickoff = KICKOFF + timedelta(minutes=number)
        match = f"m{number}"
        events: tuple[Shown, ...] = (
            prediction(match, kickoff=kickoff),
            evaluation(match, kickoff=kickoff, log_loss=0.8 + number % 9 / 10),
            board(number, as_of=kickoff),
        )
        for event in events:
            await self._producer.send(TOPIC_OF[type(event)], encode(event), key=b"bundesliga")
        self.times.append(time.time() * 1000)
        self.sent = number


async def visit(browser: Browser, address: str, *, throttled: bool) -> tuple[int, float]:
    """A first visit with an empty cache: bytes that came, milliseconds until the first row is visible."""
    context = await browser.new_context()
    page = await context.new_page()
    tools = await context.new_cdp_session(page)
    await tools.send("Network.enable")
    if throttled:
        await tools.send("Network.emulateNetworkConditions", PHONE)
        await tools.send("Emulation.setCPUThrottlingRate", {"rate": PHONE_SLOWER})
    sizes: list[int] = []
    tools.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    began = time.monotonic()
    await page.goto(address, wait_until="commit")
    await page.locator("#predictions tr").first.wait_for(state="visible")
    first_row = (time.monotonic() - began) * 1000
    await page.wait_for_load_state("load")
    await context.close()
    return sum(sizes), first_row


async def flow(
    browser: Browser, address: str, server: psutil.Process, source: Source, pace: int, pages: int, seconds: float
) -> Flood:
    """Send matches while pages are open, and see when each of them is on each page."""
    context = await browser.new_context()
    opened: list[Page] = []
    for _ in range(pages):
        page = await context.new_page()
        await page.goto(address)
        await page.evaluate(WATCH)
        opened.append(page)
    tools = await context.new_cdp_session(opened[0])
    heap = await _heap(tools)
    server.cpu_percent()
    first, began = source.sent, time.monotonic()
    await source.send(pace=pace, seconds=seconds)
    reached = (source.sent - first) / (time.monotonic() - began)
    cpu = server.cpu_percent()
    for page in opened:
        await until(partial(_has_shown, page, source.sent), "the page shows the last match")
    delays: list[float] = []
    for page in opened:
        shown = iter(await page.evaluate("window.shown"))
        at, number = next(shown)
        for sent in range(first + 1, source.sent + 1):
            while number < sent:
                at, number = next(shown)
            delays.append(at - source.times[sent - 1])
    grown = await _heap(tools) - heap
    await context.close()
    cuts = quantiles(delays, n=100)
    return Flood(reached, cuts[49], cuts[94], cuts[98], cpu, server.memory_info().rss / MIB, grown / MIB)


async def _heap(tools: CDPSession) -> float:
    await tools.send("HeapProfiler.collectGarbage")
    usage = await tools.send("Runtime.getHeapUsage")
    return float(usage["usedSize"])


@asynccontextmanager
async def _viewer(address: str) -> AsyncIterator[None]:
    async with httpx.AsyncClient(timeout=SILENCE_S) as client, client.stream("GET", f"{address}/live/now") as stream:
        reading = asyncio.create_task(_read(stream))
        yield
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)


async def _read(stream: httpx.Response) -> None:
    async for _ in stream.aiter_bytes():
        pass


async def _has_shown(page: Page, number: int) -> bool:
    return bool(await page.evaluate("number => window.shown.at(-1)?.[1] >= number", number))


async def _shows(address: str, number: int) -> bool:
    async with httpx.AsyncClient() as client:
        boards = (await client.get(f"{address}/api/v1/scoreboard")).json()["items"]
    return bool(boards) and boards[0]["matches"] == number


if __name__ == "__main__":
    main()
