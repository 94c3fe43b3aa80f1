"""`stream-app predict`, `train` and `info` beside a running service."""

from __future__ import annotations

import asyncio
from pathlib import Path

import orjson
import pytest
from typer.testing import CliRunner

from stream_app.cli import build
from stream_app.errors import Retryable
from stream_app.feeds.schedule import schedule
from stream_app.settings import settings
from stream_app.topic_reader import read_to_end
from stream_app.topics import EVALUATIONS, PREDICTIONS, SNAPSHOTS
from tests.support import topics
from tests.support.matches import played
from tests.support.service import send, until_published, worker
from tests.support.waiting import wait_until

MATCHES = 40
TEAMS = ["--home", "Team 0", "--away", "Team 5", "--competition"]


def snapshots(bootstrap: str) -> int:
    async def count() -> int:
        return len([record async for record in read_to_end(bootstrap, [SNAPSHOTS]) if record.value])

    return asyncio.run(count())


@pytest.mark.slow
def test_the_service_is_asked_and_so_is_what_its_workers_have_saved(
    clean_kafka: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STREAM_APP_KAFKA", clean_kafka)
    monkeypatch.setenv("STREAM_APP_DATA_DIR", str(tmp_path))
    settings.cache_clear()
    asyncio.run(topics.create_all(clean_kafka))
    run = CliRunner()
    with worker(clean_kafka, tmp_path, checkpoint_interval_s=0.2):
        asyncio.run(send(clean_kafka, schedule(played("alpha", MATCHES))))
        asyncio.run(until_published(clean_kafka, EVALUATIONS, MATCHES))
        wait_until(lambda: snapshots(clean_kafka) > 0, "a snapshot is saved")
        saved = run.invoke(build(), ["predict", *TEAMS, "alpha", "--json"], catch_exceptions=False)
        assert f"as they are in Kafka at {clean_kafka}" in saved.stderr
        assert orjson.loads(saved.stdout)["prediction"]["home"] == "Team 0"

        asked = [*TEAMS, "alpha", "--live", "--match-id", "m1", "--feature", "odds_home=1.5", "--json"]
        answer = orjson.loads(run.invoke(build(), ["predict", *asked], catch_exceptions=False).stdout)
        assert (answer["match_id"], answer["event_id"]) == ("m1", answer["prediction"]["prediction_id"])
        found = asyncio.run(until_published(clean_kafka, PREDICTIONS, MATCHES + 1))
        assert orjson.loads(found.values[PREDICTIONS][answer["event_id"]]) == answer["prediction"]

        trained = run.invoke(
            build(), ["train", "--model-id", "custom_v1", "--register", "alpha"], catch_exceptions=False
        )
        assert trained.exit_code == 0, trained.output
        assert "Joined: custom_v1 1 as challenger" in trained.stdout

        # A scoreboard comes up to a quarter of a second after the event that tells of the new model, or later on a
        # busy machine.
        def lists_all() -> bool:
            overview = run.invoke(build(), ["info", "--json"], catch_exceptions=False)
            boards = {board["competition"]: board for board in orjson.loads(overview.stdout)["competitions"]}
            return [line["model"] for line in boards["alpha"]["models"]] == [*settings().model_names, "custom_v1"]

        wait_until(lists_all, "the overview lists the new model after those of the settings")
        text = run.invoke(build(), ["info"], catch_exceptions=False)
        assert "alpha: " in text.stdout

    with pytest.raises(Retryable, match=r"no answer for match 'm0' within 0\.5 s: is a worker running\?"):
        run.invoke(
            build(),
            ["predict", *TEAMS, "alpha", "--live", "--timeout", "0.5", "--match-id", "m0"],
            catch_exceptions=False,
        )
