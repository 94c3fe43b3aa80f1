"""The sink as a program: killed, asked to end, and on its own."""

from __future__ import annotations

import asyncio
import json
import signal
from pathlib import Path

import pytest

from stream_app.evaluation_log.csv_files import ACTIVE
from tests.evaluation_log.samples import alert
from tests.evaluation_log.sent import grown, ids, in_csv, in_database, matches, messages
from tests.support import programs, topics
from tests.support.waiting import until


@pytest.mark.slow
async def test_a_sink_that_is_killed_again_and_again_keeps_every_event_once(
    bootstrap: str, database: str, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    env = programs.environment(kafka=bootstrap, database_url=database, data_dir=data)
    events = matches(1500)
    await topics.produce(bootstrap, messages(events[:600]))
    for life in range(5):
        size = (data / ACTIVE).stat().st_size if life else 0
        with programs.running("sink", cwd=tmp_path, env=env) as child:
            # Whatever a worker sent before it crashed it sends again.
            await topics.produce(bootstrap, messages(events[600 * life : 600 * (life + 1) + 200]))
            await until(grown(data / ACTIVE, size), "it writes")
            await asyncio.sleep(0.01 * life)
            child.process.kill()
            child.process.wait()
    events.append(alert())
    await topics.produce(bootstrap, messages(events[-1:]))
    with programs.running("sink", cwd=tmp_path, env=env) as child:
        await until(lambda: len(in_csv(data)) >= len(events), "the file has them")

        async def arrived() -> bool:
            return len(await in_database(database)) >= len(events)

        await until(arrived, "the database has them")
        child.require_running()
    assert child.returncode() == 0
    assert in_csv(data) == await in_database(database) == ids(events)


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_the_program_cleanly(
    bootstrap: str, database: str, tmp_path: Path, number: signal.Signals
) -> None:
    env = programs.environment(kafka=bootstrap, database_url=database, data_dir=tmp_path / "data")
    await topics.produce(bootstrap, messages(matches(5)))
    with programs.running("sink", "--json", cwd=tmp_path, env=env) as child:
        await until(lambda: len(in_csv(tmp_path / "data")) == 10, "it has read everything")
        child.process.send_signal(number)
        assert await asyncio.to_thread(child.process.wait, 20) == 0
    told = json.loads(child.log.read_text().splitlines()[0])
    assert told["csv"] == str(tmp_path / "data" / ACTIVE)
    assert told["database"].startswith("postgresql://")
    assert "Traceback" not in child.log.read_text()


@pytest.mark.slow
async def test_a_surprise_ends_the_program_with_one_line_and_a_code(
    bootstrap: str, database: str, tmp_path: Path
) -> None:
    (tmp_path / "data").write_text("a file where the folder should be")
    env = programs.environment(kafka=bootstrap, database_url=database, data_dir=tmp_path / "data")
    ended = await asyncio.to_thread(programs.run, "sink", cwd=tmp_path, env=env)
    assert ended.returncode == 1
    assert "the sink cannot go on: Fatal: the CSV log in" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.slow
async def test_without_a_database_the_file_alone_is_kept(bootstrap: str, tmp_path: Path) -> None:
    await topics.produce(bootstrap, messages(matches(5)))
    env = programs.environment(kafka=bootstrap, data_dir=tmp_path / "data")
    with programs.running("sink", cwd=tmp_path, env=env) as child:
        await until(lambda: len(in_csv(tmp_path / "data")) == 10, "the file has them")
        child.require_running()
    assert "and in no database" in child.log.read_text()
