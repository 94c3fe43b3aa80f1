"""Which processes are there."""

from __future__ import annotations

from pathlib import Path

import psutil


def holding(file: Path) -> list[psutil.Process]:
    """Living processes that have `file` open, whoever their parent is."""
    found = []
    for process in psutil.process_iter():
        try:
            if str(file) in (opened.path for opened in process.open_files()):
                found.append(process)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return found
