from __future__ import annotations

import pytest

from tests.evaluation_log.broker import make_topics_anew


@pytest.fixture
async def bootstrap(kafka: str) -> str:
    await make_topics_anew(kafka)
    return kafka
