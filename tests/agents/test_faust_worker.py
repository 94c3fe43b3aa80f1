"""A worker that cannot start, or cannot go on, ends and says why; one that is asked to end does so at any moment."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from stream_app.agents.faust_edge import EXIT_FATAL
from tests.support import programs

NOBODY = "127.0.0.1:1"
"""Where no broker listens."""

PROGRAM = f"""
import asyncio
import os
import signal
import sys
import faust
from mode import Service
from yarl import URL
from stream_app.agents.faust_edge import EdgeTransport
from stream_app.agents.faust_worker import EdgeWorker

class Part(Service):
    @Service.task
    async def work(self):
        raise RuntimeError("a part has broken")

class WaitingPart(Service):
    async def on_start(self):
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.sleep(3600)

    async def on_stop(self):
        await asyncio.sleep(3600)

class CancelledPart(Service):
    is_asked = False

    @Service.task
    async def work(self):
        worker._is_up = True
        if self.is_asked:
            worker._schedule_shutdown(signal.SIGTERM)
        await self.crash(asyncio.CancelledError())

class StoppedPart(CancelledPart):
    is_asked = True

brokers = [URL("kafka://{NOBODY}")]
app = faust.App("ends", broker=brokers, datadir="data", web_enabled=False, store="memory://")
app.transport = app.producer_transport = EdgeTransport(brokers, app)
parts = {{
    "part": [Part], "waiting": [WaitingPart], "cancelled": [CancelledPart], "stopped": [StoppedPart]
}}.get(sys.argv[-1], [])
worker = EdgeWorker(app, *(part() for part in parts))
worker.execute_from_commandline()
"""


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a worker that has to end by itself."""
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments],
        cwd=folder,
        env=programs.environment(),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def last_words(folder: Path, *arguments: str) -> str:
    """Run a worker that has to end with an error, and return the last line that it says."""
    done = run(folder, *arguments)
    assert done.returncode == EXIT_FATAL, done.stderr
    return done.stderr.splitlines()[-1]


def test_a_worker_whose_brokers_refuse_it_ends_with_one_line_and_its_code(tmp_path: Path) -> None:
    said = last_words(tmp_path)
    assert said.startswith(f"stream-app worker: exit {EXIT_FATAL}: KafkaConnectionError: ")
    assert NOBODY.partition(":")[0] in said


def test_a_worker_that_cannot_make_its_folder_ends_with_one_line_and_its_code(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file, where a folder is to be")
    said = last_words(tmp_path)
    assert said.startswith(f"stream-app worker: exit {EXIT_FATAL}: FileExistsError: ")


def test_a_part_of_faust_that_ends_with_an_error_ends_the_worker(tmp_path: Path) -> None:
    assert last_words(tmp_path, "part") == f"stream-app worker: exit {EXIT_FATAL}: RuntimeError: a part has broken"


def test_a_worker_that_is_asked_to_end_while_it_starts_ends_though_a_part_waits_for_the_start(tmp_path: Path) -> None:
    done = run(tmp_path, "waiting")
    assert (done.returncode, done.stderr) == (0, "")


def test_a_part_that_is_cancelled_is_an_error_but_not_in_a_worker_that_was_asked_to_end(tmp_path: Path) -> None:
    # As the fetcher is when the worker is asked to end amid a rebalance.
    assert last_words(tmp_path, "cancelled") == f"stream-app worker: exit {EXIT_FATAL}: CancelledError: "
    assert run(tmp_path, "stopped").returncode == 0
