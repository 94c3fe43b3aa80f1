from __future__ import annotations

from pathlib import Path

import pytest

from stream_app.dev.postgres import Postgres
from tests.evaluation_log.chaos import Day, live_through


@pytest.mark.slow(25)
@pytest.mark.timeout(300)
async def test_both_stores_hold_exactly_the_topics_events_after_a_bad_day(
    kafka: str, own_postgres: Postgres, tmp_path: Path
) -> None:
    day = Day(events=3_000, seconds=15.0, sink_kills=4, database_kills=2, outage_s=4.0)
    outcome = await live_through(day, kafka, own_postgres, tmp_path)
    assert outcome.in_csv == outcome.published
    assert outcome.in_database == outcome.published
    assert outcome.report.clean
    assert outcome.report.groups == []
