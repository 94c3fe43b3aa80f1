"""`stream-app verify` and `stream-app rebuild` on what real workers left behind."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest

from stream_app.feeds.schedule import schedule
from stream_app.log_tools import verify
from stream_app.settings import load
from stream_app.topics import EVALUATIONS, PREDICTIONS, SNAPSHOTS
from tests.support import programs, topics
from tests.support.matches import played
from tests.support.service import owned_partitions, send, until_published, until_snapshots, worker
from tests.support.waiting import until

pytestmark = pytest.mark.slow(50)

KEY = load().snapshot_key.get_secret_value().encode()
NAMES = ("alpha", "beta", "gamma")


async def test_what_workers_publish_is_proven_and_their_tables_can_be_made_anew(
    clean_kafka: str, tmp_path: Path
) -> None:
    await topics.create_all(clean_kafka)
    matches = [match for name in NAMES for match in played(name, 120)]
    events = list(schedule(matches))
    env = programs.environment(kafka=clean_kafka, app_id=f"app-{tmp_path.name}")
    with worker(clean_kafka, tmp_path) as running:
        await send(clean_kafka, events[:500])
        await until_published(clean_kafka, PREDICTIONS, 250)
        while_running = programs.run("rebuild", cwd=tmp_path, env=env)
        running.process.kill()
        running.process.wait()
    with worker(clean_kafka, tmp_path, "again") as running:
        await send(clean_kafka, events[500:])
        await until_published(clean_kafka, EVALUATIONS, len(matches))
        await until_snapshots(clean_kafka, KEY, *NAMES, entries=len(events) + len(NAMES))

        async def proven() -> bool:
            report = await verify(load(app_id=f"app-{tmp_path.name}"), clean_kafka)
            return report.holds and report.snapshots.equal == 3

        await until(proven, "the last checkpoint is written")

    assert while_running.returncode == 2
    assert "is running; stop all workers" in while_running.stderr
    report = _verified(tmp_path, env)
    assert report["entries"] >= len(events) + 3
    assert [topic["expected"] for topic in report["topics"][:2]] == [len(matches), len(matches)]

    rebuilt = programs.run("rebuild", "--json", cwd=tmp_path, env=env)
    assert orjson.loads(rebuilt.stdout)["competitions"] == 3
    assert _verified(tmp_path, env)["snapshots"]["equal"] == 3
    with worker(clean_kafka, tmp_path, "after") as running:
        await until(lambda: owned_partitions(running) == [0, 1, 2, 3], "a worker starts from the rebuilt tables")

    await topics.produce(clean_kafka, [(PREDICTIONS, b"alpha", b'{"prediction_id":"of nobody"}')])
    found = programs.run("verify", "--competition", "alpha", cwd=tmp_path, env=env)
    assert found.returncode == 1
    assert "predictions: unexpected: of nobody" in found.stdout
    assert len(await topics.read_all(clean_kafka, SNAPSHOTS)) >= 6


def _verified(folder: Path, env: dict[str, str]) -> dict[str, Any]:
    done = programs.run("verify", "--json", cwd=folder, env=env)
    assert done.returncode == 0, done.stdout + done.stderr
    report: dict[str, Any] = orjson.loads(done.stdout)["report"]
    return report
