"""Keeps one program running: starts it again when it ends by itself, more slowly each time it ends at once."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from time import monotonic, sleep
from types import FrameType

FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 15.0
HEALTHY_S = 30.0
"""Seconds of life after which an end counts as the first one again."""

EXIT_USAGE = 2
"""Exit code of a program whose arguments or settings are wrong: starting it again would change nothing."""

POLL_S = 0.05

GRACE_S = 10.0
"""Seconds that a program has to end in good order before it is killed."""


@dataclass(slots=True)
class Backoff:
    """The pauses between restarts: doubling, up to a limit, and short again after a long enough life."""

    pause: float = FIRST_PAUSE_S

    def after(self, lived_s: float) -> float:
        """The pause before the next start of a program that has lived for `lived_s` seconds."""
        if lived_s >= HEALTHY_S:
            self.pause = FIRST_PAUSE_S
        current, self.pause = self.pause, min(self.pause * 2, LONGEST_PAUSE_S)
        return current


class Supervisor:
    """Runs `command` until it is told to stop by SIGTERM or SIGINT.

    The program is asked to end with SIGTERM and killed when it does not. Its output is this process's own.
    """

    def __init__(self, command: Sequence[str], *, say: Callable[[str], None] = lambda text: print(text, flush=True)):
        self._command = list(command)
        self._say = say
        self._child: subprocess.Popen[bytes] | None = None
        self._stopping = False

    def run(self) -> int:
        """Run until stopped and return the exit code: 0, or `EXIT_USAGE` when the program ended with it."""
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, self._stop)
        backoff = Backoff()
        for code, lived_s in self._lives():
            if code == EXIT_USAGE:
                return code
            pause = backoff.after(lived_s)
            self._say(f"{self._command[-1]} {_ending(code)} after {lived_s:.1f} s; starting it again in {pause:.1f} s")
            self._sleep(pause)
        return 0

    def _lives(self) -> Iterator[tuple[int, float]]:
        while not self._stopping:
            started = monotonic()
            self._child = subprocess.Popen(self._command, start_new_session=True)  # noqa: S603  # our own program
            code = self._wait(self._child)
            if not self._stopping:
                yield code, monotonic() - started

    def _wait(self, child: subprocess.Popen[bytes]) -> int:
        """The exit code of `child`; kills it when it was asked to end and does not."""
        asked: float | None = None
        while (code := child.poll()) is None:
            if self._stopping:
                asked = asked or monotonic()
                if monotonic() - asked > GRACE_S:
                    self._say(f"{self._command[-1]} did not end within {GRACE_S:.0f} s and is killed")
                    child.kill()
            sleep(POLL_S)
        return code

    def _sleep(self, seconds: float) -> None:
        until = monotonic() + seconds
        while not self._stopping and (left := until - monotonic()) > 0:
            sleep(min(left, FIRST_PAUSE_S))

    def _stop(self, _signal: int, _frame: FrameType | None) -> None:
        self._stopping = True
        if self._child is not None:
            self._child.terminate()


def _ending(code: int) -> str:
    return f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"


def own_command(*arguments: str) -> list[str]:
    """The command line that runs `stream-app ARGUMENTS` with this Python."""
    return [sys.executable, "-m", "stream_app", *arguments]
