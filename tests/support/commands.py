"""The command line within the tests' own process: as `programs.run`, without the second that a new process takes.

For tests that are no coroutines: a command has an event loop of its own.
"""

from __future__ import annotations

import io
import logging
import os
import sys
from collections.abc import Mapping
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

from stream_app import settings
from stream_app.__main__ import main
from tests.support.programs import environment


@dataclass(frozen=True, slots=True)
class Done:
    """What a command said, and its exit code."""

    returncode: int
    stdout: str
    stderr: str


def call(*arguments: str, cwd: Path, env: Mapping[str, str] | None = None) -> Done:
    """Run `stream-app ARGUMENTS` in the folder `cwd` to its end. What it sets up for logs ends with it."""
    out, err = io.StringIO(), io.StringIO()
    settings.settings.cache_clear()
    code = 0
    with (
        patch.dict(os.environ, dict(env or environment()), clear=True),
        patch.object(sys, "argv", ["stream-app", *arguments]),
        patch.object(sys, "excepthook", sys.excepthook),
        patch.object(logging.root, "handlers", []),
        chdir(cwd),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        try:
            main()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(bool(end.code))
    settings.settings.cache_clear()
    return Done(code, out.getvalue(), err.getvalue())
