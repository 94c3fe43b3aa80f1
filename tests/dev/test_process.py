from __future__ import annotations

import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from stream_app.dev.process import LOOPBACK, free_ports, is_alive, spawn
from stream_app.errors import Retryable
from tests.support.programs import environment
from tests.support.waiting import wait_until

STUBBORN = (
    "import signal, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"
)


def test_a_child_writes_to_its_log_and_is_gone_after_stop(tmp_path: Path) -> None:
    log = tmp_path / "child.log"
    child = spawn("sleeper", [sys.executable, "-c", "import time; print('hello', flush=True); time.sleep(60)"], log=log)
    wait_until(lambda: "hello" in child.tail(), "the child has written")

    child.stop()

    assert child.returncode() == -signal.SIGTERM
    assert not is_alive(child.pid)


def test_a_child_that_ignores_the_request_is_killed(tmp_path: Path) -> None:
    child = spawn("stubborn", [sys.executable, "-c", STUBBORN], log=tmp_path / "child.log")
    wait_until(lambda: "up" in child.tail(), "the child ignores the signal")

    child.stop(grace_s=0.2)

    assert child.returncode() == -signal.SIGKILL


def test_a_child_that_ended_is_reported_with_the_end_of_its_log(tmp_path: Path) -> None:
    child = spawn("failing", [sys.executable, "-c", "import sys; print('no disk'); sys.exit(7)"], log=tmp_path / "log")
    wait_until(lambda: child.returncode() is not None, "the child has ended")

    with pytest.raises(Retryable, match=r"(?s)failing ended with code 7.*no disk"):
        child.require_running()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent has ended")
@pytest.mark.parametrize("thread", ["main", "another"])
def test_a_child_dies_with_a_killed_parent_but_not_with_the_thread_that_started_it(tmp_path: Path, thread: str) -> None:
    start = "spawn('child', ['sleep', '60'], log=pathlib.Path('child.log')).pid"
    if thread == "another":
        start = f"concurrent.futures.ThreadPoolExecutor(1).submit(lambda: {start}).result()"
    program = (
        "import concurrent.futures, gc, pathlib, time\nfrom stream_app.dev.process import spawn\n"
        f"pid = {start}\ngc.collect()\ntime.sleep(0.3)\nprint(pid, flush=True)\ntime.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], cwd=tmp_path, env=environment(), stdout=subprocess.PIPE
    ) as parent:
        assert parent.stdout
        child = int(parent.stdout.readline())
        assert is_alive(child)
        parent.kill()

    wait_until(lambda: not is_alive(child), "the child of a killed parent is gone")


def test_free_ports_are_different_and_the_wished_ones_where_they_are_free() -> None:
    first, second, third = free_ports(None, None, None)
    assert len({first, second, third}) == 3

    with socket.socket() as taken:
        taken.bind((LOOPBACK, first))
        taken.listen()
        other, wished = free_ports(first, second)

    assert other != first
    assert wished == second


def test_a_process_that_was_not_waited_for_is_not_alive() -> None:
    process = subprocess.Popen(["sleep", "60"])
    assert is_alive(process.pid)

    process.kill()
    wait_until(lambda: not is_alive(process.pid), "the killed process counts as gone")

    process.wait()
    assert not is_alive(process.pid)
