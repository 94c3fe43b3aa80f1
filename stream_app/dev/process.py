"""Child processes that cannot outlive their parent, however it ends."""

from __future__ import annotations

import asyncio
import ctypes
import itertools
import os
import pwd
import secrets
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Coroutine, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from stream_app.errors import Retryable

PR_SET_PDEATHSIG = 1
LOOPBACK = "127.0.0.1"
LOG_TAIL_LINES = 15
# Below the ports that Linux and macOS give to outgoing connections, so that none of those takes a port that a server
# of ours has left for a moment.
PORTS = range(20_000, 30_000)

# Loaded before any fork: a child between fork and exec must not import or load anything.
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None

# The kernel watches the thread that started a child, not the process. This one lives as long as the process does.
_SPAWNER = ThreadPoolExecutor(1, thread_name_prefix="spawner")


@dataclass(frozen=True, slots=True)
class Child:
    """A started child process.

    `stop_signal` is what asks it to end in good order.
    """

    name: str
    process: subprocess.Popen[bytes]
    log: Path
    stop_signal: signal.Signals

    @property
    def pid(self) -> int:
        """Its process id."""
        return self.process.pid

    def returncode(self) -> int | None:
        """Its exit code, or None while it runs."""
        return self.process.poll()

    def tail(self) -> str:
        """The last lines of its log."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        return "\n".join(lines[-LOG_TAIL_LINES:])

    def stop(self, grace_s: float = 10.0) -> None:
        """Ask the process to end, wait for `grace_s` seconds, then kill it. Returns when it is gone."""
        if self.process.poll() is not None:
            return
        self.process.send_signal(self.stop_signal)
        try:
            self.process.wait(grace_s)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def require_running(self) -> None:
        """Raise Retryable with the end of the log if the process has ended."""
        code = self.returncode()
        if code is not None:
            raise Retryable(f"{self.name} ended with code {code}; the end of {self.log}:\n{self.tail()}")


def spawn(
    name: str,
    command: Sequence[str | Path],
    *,
    log: Path,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    user: pwd.struct_passwd | None = None,
    stop_signal: signal.Signals = signal.SIGTERM,
    orphan_signal: signal.Signals = signal.SIGKILL,
    keep_open: Sequence[int] = (),
) -> Child:
    """Start a child whose output goes to the end of `log`.

    On Linux the kernel sends it `orphan_signal` when this process ends, however it ends; elsewhere only `stop` ends it.
    The terminal's Ctrl-C does not reach it, so that its parent can stop its children in order. `keep_open` are file
    descriptors that the child inherits, such as that of a lock.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:

        def start() -> subprocess.Popen[bytes]:
            return subprocess.Popen(  # noqa: S603 - the programs are our own and those of the locked packages
                [str(part) for part in command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=cwd,
                env=None if env is None else dict(env),
                start_new_session=True,
                pass_fds=tuple(keep_open),
                preexec_fn=_die_with_parent(orphan_signal),
                **_as_user(user),
            )

        process = _SPAWNER.submit(start).result()
    return Child(name, process, log, stop_signal)


def run(
    command: Sequence[str | Path],
    *,
    cwd: Path | None = None,
    user: pwd.struct_passwd | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run a program of ours to its end and give back its exit code and what it said."""
    return subprocess.run(  # noqa: S603 - the programs are those of the locked packages
        [str(part) for part in command],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd,
        **_as_user(user),
    )


def wait_for(coroutine: Coroutine[object, object, None]) -> None:
    """Run `coroutine` to its end in a loop of its own, also where a loop runs already."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, coroutine).result()


def free_ports(*preferred: int | None) -> list[int]:
    """A TCP port of the loopback interface for each of `preferred`: that one if it is free, else another free one."""
    chosen: list[int] = []
    for wish in preferred:
        candidates = itertools.chain([wish] if wish else [], iter(lambda: secrets.choice(PORTS), None))
        chosen.append(next(port for port in candidates if port not in chosen and _is_free(port)))
    return chosen


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        # As servers do: a port whose last connections are still fading away is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
        return True


def is_alive(pid: int) -> bool:
    """Whether a process of that id runs; one that has ended and was not yet waited for does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    if sys.platform != "linux":
        return True
    try:
        # The state is the first field after the program's name, which stands in parentheses and may hold anything.
        return (
            Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[0] != "Z"
        )
    except (FileNotFoundError, ProcessLookupError):
        return False


def unprivileged_user() -> pwd.struct_passwd | None:
    """The user as whom a program that refuses root has to run; None if this process is not root's anyway.

    Raises Retryable if there is no such user on this machine.
    """
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise Retryable(
        "PostgreSQL does not run as root, and there is no user `nobody`: make one, or run this as a plain user"
    )


class _User(TypedDict, total=False):
    user: int
    group: int
    extra_groups: Sequence[int]


def _as_user(user: pwd.struct_passwd | None) -> _User:
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": ()} if user else {}


def _die_with_parent(orphan_signal: signal.Signals) -> Callable[[], None] | None:
    if _LIBC is None:
        return None
    libc, parent = _LIBC, os.getpid()

    def in_child() -> None:
        libc.prctl(PR_SET_PDEATHSIG, orphan_signal, 0, 0, 0)
        # The parent may have died before the call above, and then nobody sends the signal.
        if os.getppid() != parent:
            os._exit(1)

    return in_child
