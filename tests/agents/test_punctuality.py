from __future__ import annotations

import asyncio
from time import time

from prometheus_client import REGISTRY

from stream_app.agents.punctuality import Punctuality


def measured() -> tuple[float, float]:
    """How many predictions were measured so far, and their seconds together."""
    count = REGISTRY.get_sample_value("stream_app_prediction_seconds_count")
    total = REGISTRY.get_sample_value("stream_app_prediction_seconds_sum")
    return count or 0.0, total or 0.0


async def test_a_prediction_takes_from_its_features_timestamp_until_it_is_confirmed() -> None:
    punctuality, confirmation = Punctuality(), asyncio.get_running_loop().create_future()
    count, total = measured()
    punctuality.came(0, 41, time() - 30.0)
    punctuality.applied(0, 41, confirmation)
    assert measured() == (count, total)
    confirmation.set_result(None)
    await asyncio.sleep(0)

    assert measured()[0] == count + 1
    assert measured()[1] - total >= 30.0


async def test_what_is_not_confirmed_or_has_no_prediction_is_not_measured() -> None:
    punctuality, loop = Punctuality(), asyncio.get_running_loop()
    refused, cancelled = loop.create_future(), loop.create_future()
    before = measured()
    for offset, confirmation in enumerate((refused, cancelled, None)):
        punctuality.came(0, offset, time())
        punctuality.applied(0, offset, confirmation)
    refused.set_exception(OSError("away"))
    cancelled.cancel()
    await asyncio.sleep(0)

    assert measured() == before


async def test_features_of_another_worker_are_not_measured() -> None:
    punctuality, confirmation = Punctuality(), asyncio.get_running_loop().create_future()
    before = measured()
    punctuality.came(0, 1, time())
    punctuality.clear()
    punctuality.applied(0, 1, confirmation)
    confirmation.set_result(None)
    await asyncio.sleep(0)

    assert measured() == before
