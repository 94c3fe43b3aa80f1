"""A keeper of two partitions, with nothing around it that is real, and a real broker for the others."""

from __future__ import annotations

import pytest

from stream_app.agents.keeper import Keeper
from tests.agents.remembering import Remembering, started
from tests.support import topics


@pytest.fixture
def world() -> Remembering:
    return Remembering()


@pytest.fixture
def keeper(world: Remembering) -> Keeper:
    return started(world)


@pytest.fixture
async def broker_with_topics(clean_kafka: str) -> str:
    await topics.create_all(clean_kafka)
    return clean_kafka
