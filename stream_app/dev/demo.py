"""The whole service on one machine: 46 seasons of the Bundesliga replayed through it, counted from its topics."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import socket
import sys
import time
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from stream_app import topic_admin
from stream_app.brokers import Brokers
from stream_app.connections import bootstrap_servers
from stream_app.dev import stores
from stream_app.dev.process import LOOPBACK, Child, free_ports, spawn
from stream_app.dev.screen import Screen
from stream_app.dev.signals import run_until_signal
from stream_app.dev.stack import LOCK_FILE, Running, Stack
from stream_app.dev.tally import ModelFigures, Tally, counting
from stream_app.errors import InvalidInput, Retryable
from stream_app.settings import Settings

FOLDER = Path(".demo")
COMPETITION = "bundesliga"
SERVICES = ("worker", "sink", "web")

TICK_S = 0.2
# After this long without anything new there will be nothing new; twice what one input waits for another one.
SILENCE_S = 120.0
WEB_START_S = 60.0
STOP_GRACE_S = 15.0


@dataclass(frozen=True, slots=True)
class Summary:
    """What came out, counted from the topics, the CSV file and the database.

    `replay_seconds` is from the first message of the feed to the last evaluation.
    """

    matches: int
    predictions: int
    evaluations: int
    dead_letters: int
    alerts: int
    replay_seconds: float
    models: dict[str, ModelFigures]
    csv: stores.Kept
    database: stores.Kept

    def is_complete(self, expected: int) -> bool:
        """Whether all of the `expected` matches have a prediction and an evaluation everywhere."""
        kept = (self.csv.predictions, self.csv.evaluations, self.database.predictions, self.database.evaluations)
        return min(self.predictions, self.evaluations, *kept) >= expected


@dataclass(frozen=True, slots=True)
class Site:
    """The demo while it is up."""

    running: Running
    services: tuple[Child, ...]
    env: dict[str, str]
    address: str

    def require_running(self) -> None:
        """Raise Retryable with the end of its log if one of the processes has ended."""
        for child in (*self.services, *self.running.children):
            child.require_running()


def run(settings: Settings, *, once: bool, fresh: bool) -> int:
    """Bring everything up, replay, report; then stop at once when `once`, else serve until KeyboardInterrupt.

    What was started is stopped in order on the way out, whatever the reason is. Returns the exit code: 0 when every
    match has a prediction and an evaluation in the topics, in the CSV file and in PostgreSQL, else 1.

    Raises
    ------
    InvalidInput
        Another process runs the demo, or `fresh` was asked for with servers that are not the demo's own.
    Retryable
        A process ended; the text has the end of its log.
    """
    screen = Screen()
    stack = Stack.of(settings.model_copy(update={"data_dir": FOLDER}))
    _begin(stack, settings, screen, fresh=fresh)
    with ExitStack() as on_the_way_out:
        screen.step("Starting Kafka and PostgreSQL")
        running = on_the_way_out.enter_context(stack.up())
        kafka = bootstrap_servers(settings.model_copy(update={"kafka": running.bootstrap}))
        run_until_signal(topic_admin.create(kafka, partitions=settings.partitions, replication=settings.replication))
        screen.step("Starting the worker, the evaluation log and the live view")
        site = on_the_way_out.enter_context(_site(running, settings))
        screen.step(f"Live view: {site.address}")
        summary, expected = run_until_signal(_replay(site, kafka, screen))
        (running.folder / "summary.json").write_text(json.dumps(asdict(summary), indent=2) + "\n", encoding="utf-8")
        screen.result(summary.models, summary.evaluations, summary.replay_seconds)
        complete = summary.is_complete(expected)
        screen.verdict(asdict(summary), expected, complete=complete)
        if not once:
            screen.step(f"Serving {site.address} until Ctrl-C")
            with contextlib.suppress(KeyboardInterrupt):
                while True:
                    site.require_running()
                    time.sleep(TICK_S)
        screen.step("Stopping")
    return 0 if complete else 1


def _begin(stack: Stack, settings: Settings, screen: Screen, *, fresh: bool) -> None:
    if fresh and (settings.kafka or settings.database_url):
        raise InvalidInput(
            "--fresh deletes the demo's own Kafka and PostgreSQL, but STREAM_APP_KAFKA or STREAM_APP_DATABASE_URL "
            "names others: delete their topics and tables by hand, or unset it"
        )
    resumes = (stack.folder / "logs").exists() and not fresh
    if fresh:
        stack.delete()
        for path in stack.folder.iterdir() if stack.folder.exists() else ():
            if path.is_dir():
                shutil.rmtree(path)
            elif path.name != LOCK_FILE:
                path.unlink()
    screen.step(
        f"Resuming with what is in {FOLDER} (--fresh starts over)" if resumes else f"Starting clean in {FOLDER}"
    )


@contextmanager
def _site(running: Running, settings: Settings) -> Iterator[Site]:
    (port,) = free_ports(settings.web_port)
    env = os.environ | {
        "STREAM_APP_KAFKA": running.bootstrap,
        "STREAM_APP_DATABASE_URL": running.database_url,
        "STREAM_APP_DATA_DIR": str(running.folder),
        "STREAM_APP_WEB_HOST": LOOPBACK,
        "STREAM_APP_WEB_PORT": str(port),
    }
    with ExitStack() as on_the_way_out:
        services = []
        for name in SERVICES:
            services.append(_start(name, [name], running.folder, env))
            on_the_way_out.callback(services[-1].stop, STOP_GRACE_S)
        site = Site(running, tuple(services), env, f"http://{LOOPBACK}:{port}")
        _wait_for_the_web(site, port)
        yield site


def _start(name: str, arguments: list[str], folder: Path, env: dict[str, str]) -> Child:
    log = folder / "logs" / f"{name}.log"
    log.unlink(missing_ok=True)
    return spawn(name, [sys.executable, "-m", "stream_app", *arguments], log=log, env=env)


def _wait_for_the_web(site: Site, port: int) -> None:
    deadline = time.monotonic() + WEB_START_S
    while True:
        site.require_running()
        with contextlib.suppress(OSError):
            socket.create_connection((LOOPBACK, port), timeout=1).close()
            return
        if time.monotonic() > deadline:
            raise Retryable(f"the live view did not answer at {site.address} within {WEB_START_S:.0f} s")
        time.sleep(TICK_S)


async def _replay(site: Site, kafka: Brokers, screen: Screen) -> tuple[Summary, int]:
    from stream_app.feeds.datasets import bundesliga

    expected = {match.match_id for match in bundesliga()}
    tally = Tally(COMPETITION)
    async with counting(kafka, tally):
        if tally.has_all(expected):
            screen.step("Every match has its prediction and its evaluation already: nothing to replay")
        else:
            await _feed(site, tally, expected, screen)
        csv, database = await _wait_for_the_stores(site, expected, screen)
    return Summary(
        matches=len(tally.matches),
        predictions=len(tally.predicted),
        evaluations=len(tally.evaluated),
        dead_letters=tally.dead_letters,
        alerts=len(tally.alerts),
        replay_seconds=round(tally.seconds, 3),
        models=tally.models(),
        csv=csv,
        database=database,
    ), len(expected)


async def _feed(site: Site, tally: Tally, expected: Collection[str], screen: Screen) -> None:
    feed = _start("feed", ["feed", COMPETITION], site.running.folder, site.env)
    patience = _Patience()
    try:
        with screen.progress(len(expected)) as show:
            while not tally.has_all(expected) and not patience.is_over(len(tally.evaluated) + len(tally.predicted)):
                await asyncio.sleep(TICK_S)
                show(len(tally.evaluated), tally.rolling(), len(tally.alerts))
                site.require_running()
                if feed.returncode():
                    feed.require_running()
    finally:
        feed.stop()


async def _wait_for_the_stores(
    site: Site, expected: Collection[str], screen: Screen
) -> tuple[stores.Kept, stores.Kept]:
    screen.step("Waiting until the evaluation log has everything")
    patience = _Patience()
    while True:
        site.require_running()
        database = await stores.in_database(site.running.database_url, COMPETITION)
        csv = stores.in_csv(site.running.folder, COMPETITION)
        counts = (csv.predictions, csv.evaluations, database.predictions, database.evaluations)
        if min(counts) >= len(expected) or patience.is_over(sum(counts)):
            return csv, database
        await asyncio.sleep(TICK_S)


class _Patience:
    """Runs out when a count has not changed for `SILENCE_S` seconds."""

    def __init__(self) -> None:
        self._count = -1
        self._since = time.monotonic()

    def is_over(self, count: int) -> bool:
        if count != self._count:
            self._count, self._since = count, time.monotonic()
        return time.monotonic() - self._since > SILENCE_S
