from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from functools import cache
from pathlib import Path

import httpx
import pytest
from jinja2 import Environment

from stream_app.web import app, templating
from stream_app.web.app import create_app
from stream_app.web.view import View
from tests.web.asked import Reading
from tests.web.made import (
    HOUR,
    KICKOFF,
    Shown,
    alert,
    analytics,
    board,
    evaluation,
    model_event,
    operating,
    prediction,
    proposal_line,
    record,
    registry,
)


@pytest.fixture(scope="session", autouse=True)
def _templates_are_compiled_once() -> Iterator[None]:
    """Every test has an application of its own; the templates are the same, and take longer than most of the tests."""
    made = templating.environment

    @cache
    def kept(window: int, static: Path, chart_script: str) -> Environment:
        return made(window, static)

    def environment(window: int, static: Path = templating.STATIC) -> Environment:
        return kept(window, static, templating.CHART_SCRIPT)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(app, "environment", environment)
        yield


@pytest.fixture
def view() -> View:
    view = View(window=100)
    events: list[Shown] = [
        prediction("m1"),
        evaluation("m1"),
        prediction("m2", kickoff=KICKOFF + 24 * HOUR),
        alert(1),
        alert(1, model="base_rate"),
        alert(2, model="base_rate", state="resolved"),
        board(200),
        registry(proposals=(proposal_line(),)),
        model_event(1, "proposed"),
        analytics(),
    ]
    for event in events:
        view.apply(record(event))
    return view


@pytest.fixture
def reading() -> Reading:
    return Reading()


@pytest.fixture
async def client(view: View, reading: Reading) -> AsyncIterator[httpx.AsyncClient]:
    app, _ = create_app(view, reading, operating(), window=100, batch_s=0.3)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://view") as client:
        yield client
