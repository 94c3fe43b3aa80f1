"""Fail points: named places at which a process can be told to die, as if the machine had pulled the plug right there.

The moments that matter are too short to be hit by killing at random. `STREAM_APP_FAIL_POINT=name` in the environment of
a process makes it kill itself (SIGKILL: nothing is cleaned up, nothing is flushed) when it reaches that place,
`name:5` when it reaches it for the fifth time. Without the variable, as in every real service, a fail point does
nothing. It is no setting: nobody sets it but a test.
"""

from __future__ import annotations

import os
import signal

VARIABLE = "STREAM_APP_FAIL_POINT"

INPUT_IN_LOG = "input-in-log"
"""Inputs are in the log for good, and not yet marked as read."""
AMID_OUTPUTS = "amid-outputs"
"""Some of what a batch has to say is on its way, the rest is not."""
AMID_PIECES = "amid-pieces"
"""One piece of a snapshot is on its way, the next is not."""
SNAPSHOTS_WRITTEN = "snapshots-written"
"""The snapshots of a checkpoint are on record, and its place is not."""
CHECKPOINT_WRITTEN = "checkpoint-written"
"""A checkpoint is on record, and its place is not committed."""
AMID_RECOVERY = "amid-recovery"
"""The tables have been read back, and reading on has not begun."""
AMID_REVOCATION = "amid-revocation"
"""Partitions are being taken away, and what was held of them is not yet forgotten."""

NAMES: tuple[str, ...] = (
    INPUT_IN_LOG,
    AMID_OUTPUTS,
    AMID_PIECES,
    SNAPSHOTS_WRITTEN,
    CHECKPOINT_WRITTEN,
    AMID_RECOVERY,
    AMID_REVOCATION,
)
"""Every fail point."""

_ARMED, _, _COUNT = os.environ.get(VARIABLE, "").partition(":")
_left = int(_COUNT or 1)


def reach(name: str) -> None:
    """Die here if this process was told to."""
    if _ARMED and name == _ARMED:
        _count_down()


def _count_down() -> None:
    global _left
    _left -= 1
    if _left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
