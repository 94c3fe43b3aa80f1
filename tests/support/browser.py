"""A real Chromium for the tests of the live view."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from playwright.sync_api import sync_playwright

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
HOW_TO_GET = "install one with `apt-get install chromium`, or with `.venv/bin/playwright install chromium`"


def find() -> str | None:
    """Path of a Chromium: the system's, else the one that Playwright has brought; None if there is none."""
    for name in NAMES:
        if path := shutil.which(name):
            return path
    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def is_required() -> bool:
    """Whether a missing browser is an error: on a machine that decides what goes in, nothing may be left out."""
    return os.environ.get("CI", "").lower() in {"1", "true", "yes"}
