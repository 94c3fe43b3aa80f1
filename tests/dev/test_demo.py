"""The main job, as a newcomer starts it: real Kafka, real PostgreSQL, all 14,018 matches."""

from __future__ import annotations

import asyncio
import csv
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from stream_app.dev.kafka import Kafka
from stream_app.dev.stack import Stack
from stream_app.feeds.datasets import bundesliga
from stream_app.topics import EVALUATIONS, PREDICTIONS
from tests.support import processes, programs
from tests.support.service import ID_OF, expected, published
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.slow(30), pytest.mark.kafka, pytest.mark.postgres]

MATCHES = 14_018


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / ".demo"
    Stack(tmp_path / ".demo").delete()


def environment() -> dict[str, str]:
    return programs.environment(web_port=0)


@contextmanager
def demo(folder: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-m", "stream_app", "demo", *arguments],
        cwd=folder.parent,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def read_until(process: subprocess.Popen[str], text: str) -> str:
    assert process.stdout
    said = ""
    for line in process.stdout:
        said += line
        if text in line:
            return said
    raise AssertionError(f"the demo ended before it said {text!r}:\n{said}")


def living_children(process: subprocess.Popen[str]) -> dict[str, psutil.Process]:
    children = psutil.Process(process.pid).children()
    return {" ".join(child.cmdline()[1:4]): child for child in children if child.status() != psutil.STATUS_ZOMBIE}


@dataclass(frozen=True, slots=True)
class Replay:
    """A demo that has replayed everything: its folder, what it printed, and what it summed up."""

    folder: Path
    done: subprocess.CompletedProcess[str]
    summary: dict[str, Any]


@pytest.fixture(scope="module")
def replay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replay]:
    """One replay of all matches, which takes minutes, for all that is to be seen of it.

    The demo ends by itself when nothing new comes; how long it may take is for a machine that does much else.
    """
    folder = tmp_path_factory.mktemp("replay") / ".demo"
    done = programs.run("demo", "--once", cwd=folder.parent, env=environment(), timeout_s=900)
    assert done.returncode == 0, done.stdout + done.stderr
    yield Replay(folder, done, json.loads((folder / "summary.json").read_text()))
    Stack(folder).delete()


@pytest.mark.timeout(1_000)
def test_every_match_is_predicted_and_evaluated_everywhere_and_a_second_run_finds_it_so(replay: Replay) -> None:
    folder, summary = replay.folder, replay.summary
    assert "Starting clean" in replay.done.stdout
    assert (summary["matches"], summary["predictions"], summary["evaluations"]) == (MATCHES, MATCHES, MATCHES)
    assert summary["csv"] == summary["database"] == {"predictions": MATCHES, "evaluations": MATCHES}
    assert summary["dead_letters"] == 0
    assert summary["replay_seconds"] > 0
    base = summary["models"]["base_rate"]
    assert base["n"] == MATCHES
    assert min(model["log_loss"] for model in summary["models"].values()) < base["log_loss"] - 0.02
    with (folder / "evaluation_log.csv").open(newline="", encoding="utf-8") as file:
        assert sum(row["event_type"] == "prediction" for row in csv.DictReader(file)) == MATCHES

    second = programs.run("demo", "--once", "--json", cwd=folder.parent, env=environment(), timeout_s=300)

    assert second.returncode == 0, second.stdout + second.stderr
    assert "Resuming" in second.stdout
    assert "nothing to replay" in second.stdout
    again = json.loads((folder / "summary.json").read_text())
    assert again | {"replay_seconds": 0} == summary | {"replay_seconds": 0}
    assert processes.holding(folder / "stack.lock") == []


@pytest.mark.timeout(1_000)
def test_what_the_stream_publishes_at_full_speed_is_what_the_back_test_says_to_the_last_bit(replay: Replay) -> None:
    broker = Kafka(replay.folder / "kafka")
    broker.start()
    try:
        found = asyncio.run(published(broker.bootstrap))
    finally:
        broker.stop()

    said = expected(bundesliga())
    assert said.count(PREDICTIONS) == said.count(EVALUATIONS) == MATCHES
    for topic in ID_OF:
        assert list(found.values[topic].values()) == list(said.values[topic].values())
    assert found.differing == []


def test_a_process_that_dies_ends_the_demo_with_the_end_of_its_log(folder: Path) -> None:
    with demo(folder, "--once") as process:
        read_until(process, "Live view")
        living_children(process)["-m stream_app worker"].kill()
        said, _ = process.communicate(timeout=60)

    assert process.returncode != 0
    assert f"worker ended with code {-signal.SIGKILL}" in said
    assert "Traceback" not in said
    assert processes.holding(folder / "stack.lock") == []


def test_ctrl_c_stops_everything_in_order(folder: Path) -> None:
    with demo(folder) as process:
        read_until(process, "Live view")
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=60)

    assert process.returncode == 130
    assert "Traceback" not in said
    assert processes.holding(folder / "stack.lock") == []
    assert "database system is shut down" in (folder / "postgres" / "postgres.log").read_text()


def test_a_killed_demo_leaves_no_process(folder: Path) -> None:
    with demo(folder) as process:
        read_until(process, "Live view")
        children = living_children(process)
        assert len(children) >= 5
        os.kill(process.pid, signal.SIGKILL)

    wait_until(lambda: not any(child.is_running() for child in children.values()), "no child is left")
    assert processes.holding(folder / "stack.lock") == []


def test_fresh_does_not_touch_servers_of_the_users_own(tmp_path: Path) -> None:
    answer = programs.run(
        "demo", "--fresh", cwd=tmp_path, env=environment() | {"STREAM_APP_KAFKA": "kafka.example:9092"}
    )

    assert answer.returncode == 2
    assert "STREAM_APP_KAFKA" in answer.stderr
