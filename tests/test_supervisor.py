from __future__ import annotations

import signal
import sys
from pathlib import Path

import pytest

from stream_app.dev.process import Child, spawn
from stream_app.supervisor import FIRST_PAUSE_S, HEALTHY_S, LONGEST_PAUSE_S, Backoff
from tests.support.programs import environment
from tests.support.waiting import wait_until


def supervised(folder: Path, program: str) -> Child:
    """A supervisor of a Python program that finds its folder as its working directory."""
    body = (
        "import sys; from stream_app.supervisor import Supervisor;"
        f"sys.exit(Supervisor([sys.executable, '-c', {program!r}, 'the program']).run())"
    )
    return spawn("supervisor", [sys.executable, "-c", body], log=folder / "log", cwd=folder, env=environment())


def test_pauses_double_up_to_a_limit_and_are_short_again_after_a_long_life() -> None:
    backoff = Backoff()
    pauses = [backoff.after(lived_s=1.0) for _ in range(10)]

    assert pauses[:3] == [FIRST_PAUSE_S, 2 * FIRST_PAUSE_S, 4 * FIRST_PAUSE_S]
    assert pauses[-1] == LONGEST_PAUSE_S
    assert backoff.after(lived_s=HEALTHY_S) == FIRST_PAUSE_S


def test_a_program_that_dies_is_started_again_and_its_end_is_told(tmp_path: Path) -> None:
    died = "import os, signal; open('starts', 'a').write('x'); os.kill(os.getpid(), signal.SIGKILL)"
    child = supervised(tmp_path, died)
    starts = tmp_path / "starts"
    try:
        wait_until(lambda: starts.exists() and len(starts.read_text()) >= 3, "it was started three times")
    finally:
        child.stop()

    assert "the program was ended by SIGKILL after" in (tmp_path / "log").read_text()
    assert child.returncode() == 0


def test_a_program_that_was_called_wrongly_is_not_started_again(tmp_path: Path) -> None:
    child = supervised(tmp_path, "open('starts', 'a').write('x'); raise SystemExit(2)")
    wait_until(lambda: child.returncode() is not None, "the supervisor ends")

    assert child.returncode() == 2
    assert (tmp_path / "starts").read_text() == "x"


@pytest.mark.parametrize("ask", [signal.SIGTERM, signal.SIGINT])
def test_asked_to_end_it_ends_its_program_in_good_order(tmp_path: Path, ask: signal.Signals) -> None:
    waits = (
        "import os, signal, time\n"
        "signal.signal(signal.SIGTERM, lambda *_: (open('ended', 'w').write('well'), os._exit(0)))\n"
        "open('pid', 'w').write(str(os.getpid()))\n"
        "time.sleep(60)"
    )
    child = supervised(tmp_path, waits)
    wait_until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text() != "", "it runs")
    child.process.send_signal(ask)
    wait_until(lambda: child.returncode() is not None, "the supervisor ends")

    assert (tmp_path / "ended").read_text() == "well"
    assert not Path("/proc", (tmp_path / "pid").read_text()).exists()
