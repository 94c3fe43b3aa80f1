"""Whether memory goes back to the system, in a process of its own: what is set holds for all of it."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

from tests.support import programs

PROGRAM = """
from stream_app.agents.heap import set_large_blocks_among_others, set_large_blocks_apart

def resident_kb():
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmRSS:"))

set_large_blocks_apart()
# As fetches and pickles do, after which the C library would keep what is smaller.
del (large := [bytes(2_000_000)])[:]
small, snapshots = [], [b"x" * 160_000 for _ in range(300)]
set_large_blocks_among_others()
full = resident_kb()
while snapshots:
    snapshots.pop()
    small.append(bytearray(1_000))
print(full - resident_kb())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="this is about glibc")
def test_snapshots_that_are_let_go_of_leave_the_process_whatever_else_came_to_lie_between_them() -> None:
    run = [sys.executable, "-c", PROGRAM]
    said = subprocess.run(run, env=programs.environment(), capture_output=True, text=True, check=True).stdout
    assert int(said) > 0.9 * 300 * 160_000 / 1024
