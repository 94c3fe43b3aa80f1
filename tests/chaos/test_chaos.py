"""The short form of the harness: a few kills, as `make chaos` has them by the dozen."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import orjson
import pytest

ROOT = Path(__file__).parents[2]
KILLS = 7
AWAY_S = 10


@pytest.mark.slow(90)
@pytest.mark.kafka
@pytest.mark.timeout(1_000)
def test_nothing_is_lost_and_nothing_counts_twice_when_workers_and_broker_are_killed(real_parts: Path) -> None:
    command = [sys.executable, "-m", "tests.chaos", "--kills", str(KILLS), "--seed", "4", "--away", str(AWAY_S)]
    options = ["--rate", "150", "--competitions", "12", "--json"]
    done = subprocess.run(
        [*command, *options],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(real_parts)},
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )

    said = f"{done.stderr}\n{done.stdout}"
    assert done.returncode == 0, said
    report = orjson.loads(done.stdout[done.stdout.index("\n{") : done.stdout.rindex("}") + 1])
    assert report["holds"], said
    assert report["kills"] >= KILLS
    assert report["return_s"]["n"] == 1
    assert (report["lost"], report["doubled"], report["differing"]) == (0, 0, 0)
    assert report["poison_dead_lettered"] == report["poison"] > 0
    assert all(count > 0 for count in report["outputs"].values())
    assert report["commands"]["handover: joined"] > 0
    assert sum(times for what, times in report["commands"].items() if not what.endswith("refused")) > 12
    assert report["snapshots_compared"] > 0
    assert report["commit_samples"] > 0
    assert done.stdout.splitlines()[-1].startswith(f"chaos: {report['kills']} kills, {report['events']} events, 0 lost")
