from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from stream_app.durability import fail_points

ROOT = Path(__file__).parents[2]
PROGRAM = """
from stream_app.durability import fail_points
for number in range(5):
    fail_points.reach("elsewhere")
    print(number, flush=True)
    fail_points.reach("amid-outputs")
"""


def run(armed: str | None) -> subprocess.CompletedProcess[str]:
    env = {name: value for name, value in os.environ.items() if name != fail_points.VARIABLE}
    if armed is not None:
        env[fail_points.VARIABLE] = armed
    return subprocess.run(
        [sys.executable, "-c", PROGRAM], env=env, cwd=ROOT, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(("armed", "reached"), [("amid-outputs", 1), ("amid-outputs:4", 4)])
def test_an_armed_process_is_killed_when_it_reaches_the_place_as_often_as_was_said(armed: str, reached: int) -> None:
    done = run(armed)
    assert done.returncode == -signal.SIGKILL
    assert done.stdout.split() == [str(number) for number in range(reached)]


@pytest.mark.parametrize("armed", [None, "", "amid-pieces", "amid-outputs:6"])
def test_a_process_that_is_not_armed_or_never_gets_there_goes_on(armed: str | None) -> None:
    done = run(armed)
    assert (done.returncode, done.stdout.split()) == (0, ["0", "1", "2", "3", "4"])


@pytest.mark.parametrize("name", fail_points.NAMES)
def test_every_fail_point_is_reached_from_the_worker(name: str) -> None:
    constant = next(key for key, value in vars(fail_points).items() if value == name)
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "stream_app").rglob("*.py")]
    assert any(f"fail_points.reach(fail_points.{constant})" in source for source in sources)
