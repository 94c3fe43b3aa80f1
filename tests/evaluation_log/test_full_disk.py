from __future__ import annotations

from pathlib import Path

import pytest

from tests.evaluation_log.broker import make_topics_anew
from tests.evaluation_log.sent import ids, in_csv, matches, messages
from tests.support import programs, topics
from tests.support.waiting import until

BALLAST_BYTES = 300 * 1024


@pytest.mark.slow
@pytest.mark.parametrize("count", [60, 200], ids=["the file fits, its index does not", "the file does not fit"])
async def test_a_sink_on_a_full_disk_says_so_ends_and_goes_on_when_there_is_room(
    kafka: str, small_disk: Path, tmp_path: Path, count: int
) -> None:
    await make_topics_anew(kafka)
    events = matches(count)
    await topics.produce(kafka, messages(events))
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(BALLAST_BYTES))
    data = small_disk / "data"
    env = programs.environment(kafka=kafka, data_dir=data)

    full = programs.run("sink", cwd=tmp_path, env=env, timeout_s=60)

    assert full.returncode != 0
    assert f"the disk of {data} is full: free some space and start again" in full.stdout + full.stderr
    assert "Traceback" not in full.stdout + full.stderr
    assert set(in_csv(data)) <= set(ids(events))

    ballast.unlink()
    with programs.running("sink", cwd=tmp_path, env=env) as sink:
        await until(lambda: len(in_csv(data)) == len(events), "the file has them all")
        sink.require_running()
    assert in_csv(data) == ids(events)
