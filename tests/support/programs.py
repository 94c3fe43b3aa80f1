"""The service's programs as a person starts them: processes of their own, with settings from the environment."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from stream_app.dev.process import Child, spawn
from tests.support.waiting import PATIENCE_S

ROOT = Path(__file__).parents[2]


def environment(**settings: object) -> dict[str, str]:
    """The environment of a program with `settings`, such as `kafka="host:port"`, and none of the developer's own."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("STREAM_APP_")}
    given = {f"STREAM_APP_{name.upper()}": str(value) for name, value in settings.items()}
    return own | {"PYTHONPATH": str(ROOT)} | given


def run(
    *arguments: str, cwd: Path, timeout_s: float = PATIENCE_S, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run `stream-app ARGUMENTS` in the folder `cwd` to its end."""
    return subprocess.run(
        [sys.executable, "-m", "stream_app", *arguments],
        cwd=cwd,
        env=dict(env or environment()),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )


@contextmanager
def running(*arguments: str, cwd: Path, env: Mapping[str, str] | None = None) -> Iterator[Child]:
    """`stream-app ARGUMENTS` in the folder `cwd`, stopped at the end; its output goes to `cwd/ARGUMENT.log`."""
    child = spawn(
        arguments[0],
        [sys.executable, "-m", "stream_app", *arguments],
        log=cwd / f"{arguments[0]}.log",
        cwd=cwd,
        env=env or environment(),
    )
    try:
        yield child
    finally:
        child.stop()
