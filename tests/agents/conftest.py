"""A keeper of two partitions, with nothing around it that is real, and a real broker for the others."""

from __future__ import annotations

from typing import cast

import faust
import pytest

from stream_app.agents.keeper import Keeper
from stream_app.agents.ownership import Ownership
from stream_app.agents.punctuality import Punctuality
from stream_app.agents.tables import Tables
from stream_app.durability.guards import Fence
from tests.agents.remembering import SETTINGS, Remembering
from tests.support import topics


@pytest.fixture
def world() -> Remembering:
    return Remembering()


@pytest.fixture
def keeper(world: Remembering) -> Keeper:
    fence = Fence(lambda: 0.0, 4.0)
    keeper = Keeper(cast(faust.App, world), SETTINGS, cast(Tables, world), Ownership(), fence, Punctuality())
    for partition in (0, 1):
        keeper.begin(partition, keeper.place_to_resume(partition, 0, 0), 0)
    return keeper


@pytest.fixture
async def broker_with_topics(clean_kafka: str) -> str:
    await topics.create_all(clean_kafka)
    return clean_kafka
