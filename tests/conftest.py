"""The real parts that tests share.

===============  =========================================================================
`kafka`          bootstrap servers of one real broker, the same for all tests
`clean_kafka`    the same broker without any topic or consumer group
`broker`         that broker itself
`own_broker`     a broker of this test's own, to stop and start
`postgres`       address of one real PostgreSQL server, the same for all tests
`database`       address of an empty database of this test's own
`own_postgres`   a server of this test's own, to stop and start
`chromium`       path of a real Chromium
`browser`        that Chromium, started, by Playwright's async API
`page`           a new page in it
`small_disk`     a folder on a disk that is soon full
===============  =========================================================================
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest
from hypothesis import settings as hypothesis_settings
from playwright.async_api import Browser, Page, async_playwright

from stream_app import settings
from stream_app.dev.kafka import Kafka
from stream_app.dev.postgres import Postgres
from stream_app.dev.process import is_alive, wait_for
from tests.support import browser as browsers
from tests.support import topics

# A machine that does other things as well is no fault in what is tested.
hypothesis_settings.register_profile("any machine", deadline=None)
hypothesis_settings.load_profile("any machine")

# Tests start programs by the hundred, each of which would compile a thousand modules where the result may not be kept.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

SMALL_DISK_BYTES = 512 * 1024

MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of a name of its own is made in it
MEMORY_NEEDED_BYTES = 2 * 1024**3
"""Free bytes without which the servers of a session write to the disk."""

MARKERS_OF_FIXTURES = {
    "kafka": {"broker", "own_broker"},
    "postgres": {"postgres_server", "own_postgres"},
    "browser": {"chromium"},
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests by the real parts that they use, so that `-m "not kafka"` and the like work; the longest come first.

    One that came last would keep all other processes of pytest waiting for its own. A process of pytest takes whole
    files, so it is their sums that count.
    """
    for item in items:
        for marker, fixtures in MARKERS_OF_FIXTURES.items():
            if fixtures & set(getattr(item, "fixturenames", ())):
                item.add_marker(marker)
    seconds: Counter[Path] = Counter()
    for item in items:
        seconds[item.path] += _seconds(item)
    items.sort(key=lambda item: seconds[item.path], reverse=True)


def _seconds(item: pytest.Item) -> int:
    """What `slow` says of a test, 0 where it names no number."""
    marker = item.get_closest_marker("slow")
    return int(marker.args[0]) if marker and marker.args else 0


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say loudly what could not be tested on this machine."""
    left_out: dict[str, list[str]] = {}
    for report in terminalreporter.stats.get("skipped", []):
        _, _, reason = report.longrepr
        left_out.setdefault(reason.removeprefix("Skipped: "), []).append(report.nodeid)
    for reason, names in left_out.items():
        terminalreporter.section(f"NOT TESTED: {reason}", red=True, bold=True)
        for name in names:
            terminalreporter.line(f"  {name}")


@pytest.fixture(autouse=True)
def _no_settings_of_the_developer(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in list(os.environ):
        if name.startswith("STREAM_APP_"):
            monkeypatch.delenv(name)
    monkeypatch.setitem(settings.Settings.model_config, "env_file", None)
    settings.settings.cache_clear()
    yield
    settings.settings.cache_clear()


@pytest.fixture(scope="session")
def real_parts() -> Iterator[Path]:
    """The folder of the session's servers, deleted at its end; in memory where there is room.

    A broker waits for the disk several times for each partition that is made, and no test needs what it has written to
    outlive the machine.
    """
    roomy = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free >= MEMORY_NEEDED_BYTES
    for forgotten in MEMORY.glob("stream-app-tests-*-*"):
        # A run that was killed could not clear up, and memory is dear.
        if not is_alive(int(forgotten.name.split("-")[3])):
            shutil.rmtree(forgotten, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=f"stream-app-tests-{os.getpid()}-", dir=MEMORY if roomy else None))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def broker(real_parts: Path) -> Iterator[Kafka]:
    """One real broker for all tests; its topics stay, so use names of your own or `clean_kafka`."""
    broker = Kafka(real_parts / "kafka")
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture
def kafka(broker: Kafka) -> str:
    """Bootstrap servers of the session's broker."""
    return broker.bootstrap


@pytest.fixture
def clean_kafka(kafka: str) -> str:
    """Bootstrap servers of the session's broker, on which there is no topic any more."""
    wait_for(topics.delete_all(kafka))
    return kafka


@pytest.fixture
def own_broker(real_parts: Path) -> Iterator[Kafka]:
    """A running broker of this test's own, which it may stop and start at will."""
    broker = Kafka(real_parts / f"kafka-{uuid.uuid4().hex[:12]}")
    broker.start()
    yield broker
    broker.stop()
    shutil.rmtree(broker.folder)


@pytest.fixture(scope="session")
def postgres_server(real_parts: Path) -> Iterator[Postgres]:
    """One real PostgreSQL server for all tests."""
    server = Postgres(real_parts / "postgres", durable=False)
    server.start()
    yield server
    server.destroy()


@pytest.fixture
def postgres(postgres_server: Postgres) -> str:
    """Address of the session's server and its administrative database."""
    return postgres_server.url_of("postgres")


@pytest.fixture
def database(postgres_server: Postgres) -> Iterator[str]:
    """Address of an empty database of this test's own."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    admin = postgres_server.url_of("postgres")
    wait_for(_execute(admin, f"create database {name} template template0"))
    yield postgres_server.url_of(name)
    wait_for(_execute(admin, f"drop database {name} with (force)"))


@pytest.fixture
def own_postgres(tmp_path: Path) -> Iterator[Postgres]:
    """A running PostgreSQL server of this test's own, which it may stop and start at will."""
    server = Postgres(tmp_path / "postgres", durable=False)
    server.start()
    yield server
    server.destroy()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder on a disk of its own that has room for `SMALL_DISK_BYTES`. Only root can make one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    options = f"size={SMALL_DISK_BYTES}"
    mount = ("mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder))
    done = subprocess.run(mount, capture_output=True, text=True) if shutil.which("mount") else None
    if done is None or done.returncode:
        pytest.skip("no small disk could be mounted; this needs Linux and root")
    yield folder
    subprocess.run(("umount", "--lazy", str(folder)), check=True)


@pytest.fixture(scope="session")
def _found_chromium() -> str | None:
    return browsers.find()


@pytest.fixture
def chromium(_found_chromium: str | None) -> str:
    """Path of a real Chromium. Where there is none, the test fails in CI and is left out, loudly, elsewhere."""
    if _found_chromium:
        return _found_chromium
    if browsers.is_required():
        pytest.fail(f"no browser, and CI is set; {browsers.HOW_TO_GET}")
    pytest.skip(f"no browser; {browsers.HOW_TO_GET}")


@pytest.fixture
async def browser(chromium: str) -> AsyncIterator[Browser]:
    """A started Chromium."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=browsers.FLAGS)
        yield browser
        await browser.close()


@pytest.fixture
async def page(browser: Browser) -> Page:
    """A new page of a started Chromium."""
    return await browser.new_page()


async def _execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
