from __future__ import annotations

from pathlib import Path

import pytest

from tests.bench.gateway import measure

pytestmark = pytest.mark.slow


async def test_over_a_restart_of_the_broker_every_accepted_message_is_there_exactly_once(tmp_path: Path) -> None:
    outcome = await measure(tmp_path, rate=100.0, seconds=2.0)
    assert (outcome.accepted, outcome.in_topic) == (200, 200)
    assert (outcome.lost, outcome.doubled) == (0, 0)
