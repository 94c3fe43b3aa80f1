from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from jinja2 import Environment

from stream_app.web import app, templating


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
