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
===============  =========================================================================
"""

from __future__ import annotations

import os
import shutil
import tempfile
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest
from playwright.async_api import Browser, Page, async_playwright

from stream_app import settings
from stream_app.dev.kafka import Kafka
from stream_app.dev.postgres import Postgres
from stream_app.dev.process import wait_for
from tests.support import browser as browsers
from tests.support import topics

MARKERS_OF_FIXTURES = {
    "kafka": {"broker", "own_broker"},
    "postgres": {"postgres_server", "own_postgres"},
    "browser": {"chromium"},
}
LEFT_OUT = pytest.StashKey[list[str]]()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests by the real parts that they use, so that `-m "not kafka"` and the like work."""
    for item in items:
        for marker, fixtures in MARKERS_OF_FIXTURES.items():
            if fixtures & set(getattr(item, "fixturenames", ())):
                item.add_marker(marker)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say loudly what could not be tested on this machine."""
    if left_out := config.stash.get(LEFT_OUT, []):
        terminalreporter.section("NOT TESTED: no browser", red=True, bold=True)
        terminalreporter.line(f"{len(left_out)} tests need a Chromium; {browsers.HOW_TO_GET}:")
        for name in left_out:
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
    """The folder of the session's servers, deleted at its end."""
    folder = Path(tempfile.mkdtemp(prefix="stream-app-tests-"))
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
def own_broker(tmp_path: Path) -> Iterator[Kafka]:
    """A running broker of this test's own, which it may stop and start at will."""
    broker = Kafka(tmp_path / "kafka")
    broker.start()
    yield broker
    broker.stop()


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


@pytest.fixture(scope="session")
def _found_chromium() -> str | None:
    return browsers.find()


@pytest.fixture
def chromium(_found_chromium: str | None, request: pytest.FixtureRequest) -> str:
    """Path of a real Chromium. Where there is none, the test fails in CI and is left out, loudly, elsewhere."""
    if _found_chromium:
        return _found_chromium
    if browsers.is_required():
        pytest.fail(f"no browser, and CI is set; {browsers.HOW_TO_GET}")
    request.config.stash.setdefault(LEFT_OUT, []).append(request.node.nodeid)
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
