"""AsyncAPI's own JSON Schema, from the npm package in which its authors publish it; fetched once and kept per user."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import Any

import orjson

from stream_app.dev import jars

PACKAGE = "@asyncapi/specs@6.11.1"
ARCHIVE = "asyncapi-specs-6.11.1.tgz"
SHA256 = "01af8744dc33c0c7eb2e908f6a955319ee58b70ecadc9387d1aeb16c0cd28928"
MEMBER = "package/schemas/3.0.0.json"
FETCH_S = 60.0


def load() -> dict[str, Any] | None:
    """The schema of AsyncAPI 3.0.0, None where it has to be fetched and there is no npm."""
    archive = jars.cache_folder() / "npm" / ARCHIVE
    if not _is_right(archive):
        npm = shutil.which("npm")
        if npm is None:
            return None
        _fetch(npm, archive)
    with tarfile.open(archive) as content:
        member = content.extractfile(MEMBER)
        assert member is not None
        schema: dict[str, Any] = orjson.loads(member.read())
    return schema


def _fetch(npm: str, archive: Path) -> None:
    archive.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="stream-app-") as folder:
        subprocess.run([npm, "pack", "--silent", PACKAGE], cwd=folder, check=True, timeout=FETCH_S, capture_output=True)
        fetched = Path(folder) / ARCHIVE
        assert _is_right(fetched), f"{PACKAGE} is not what it was: its SHA-256 is another one"
        partial = archive.with_suffix(".part")
        shutil.copyfile(fetched, partial)
        partial.replace(archive)


def _is_right(archive: Path) -> bool:
    return archive.is_file() and hashlib.sha256(archive.read_bytes()).hexdigest() == SHA256
