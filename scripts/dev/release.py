"""Makes a release: `make release VERSION=1.2.0`.

Checks that nothing is uncommitted and that the changelog tells something, sets the version in pyproject.toml and the
tag of the pods' image to it, puts the changelog's unreleased part under it, commits that, builds wheel, sdist and bill
of materials into dist/, and tags the commit when all of it is there. Nothing is published and nothing is pushed.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from scripts.dev import sbom

ROOT = Path(__file__).parents[2]
VERSION = re.compile(r"\d+\.\d+\.\d+(?:(?:a|b|rc)\d+)?")
ENGINES = ("docker", "podman")
_IMAGE_TAG = re.compile(r'^( *newTag: )"[^"]+"$', re.MULTILINE)
_PROJECT_VERSION = re.compile(r'^version = "([^"]+)"$', re.MULTILINE)
_UNRELEASED = re.compile(r"^## Unreleased\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)


class NotReleased(Exception):
    """Something is not as it has to be; the text says what, and what would be right."""


def set_version(project: str, version: str) -> str:
    """pyproject.toml with `version`. Raises NotReleased if it is that already or is not where it should be."""
    found = _PROJECT_VERSION.findall(project)
    if len(found) != 1:
        raise NotReleased(f"pyproject.toml has {len(found)} lines `version = ...`: wanted one")
    if found == [version]:
        raise NotReleased(f"pyproject.toml has version {version} already: wanted a new one")
    return _PROJECT_VERSION.sub(f'version = "{version}"', project)


def set_changelog(changelog: str, version: str, day: str) -> str:
    """The changelog with what was unreleased under `version`. Raises NotReleased if there is nothing."""
    unreleased = _UNRELEASED.search(changelog)
    if unreleased is None or not unreleased[1].strip():
        raise NotReleased("CHANGELOG.md has nothing under `## Unreleased`: wanted what a user notices")
    return changelog.replace(unreleased[0], f"## Unreleased\n\n## {version} - {day}\n{unreleased[1]}", 1)


def release(folder: Path, version: str, *, day: str) -> list[Path]:
    """Release the checkout `folder` as `version` and return what was built. Raises NotReleased."""
    if not VERSION.fullmatch(version):
        raise NotReleased(f"version {version!r}: wanted x.y.z, such as 1.2.0")
    if dirty := _git(folder, "status", "--porcelain"):
        raise NotReleased(f"uncommitted: {', '.join(line[3:] for line in dirty.splitlines())}: wanted a clean checkout")
    if _git(folder, "tag", "--list", f"v{version}"):
        raise NotReleased(f"tag v{version} is there already: wanted a new version")
    project, changelog = folder / "pyproject.toml", folder / "CHANGELOG.md"
    pods = folder / "deploy" / "kubernetes" / "kustomization.yaml"
    texts = {
        project: set_version(project.read_text(encoding="utf-8"), version),
        changelog: set_changelog(changelog.read_text(encoding="utf-8"), version, day),
        pods: _IMAGE_TAG.sub(rf'\g<1>"{version}"', pods.read_text(encoding="utf-8")),
    }
    for file, text in texts.items():
        file.write_text(text, encoding="utf-8")
    _git(folder, "commit", "--quiet", "--message", f"chore: release {version}", "--", *(str(file) for file in texts))
    built = build(folder, folder / "dist" / version, version)
    _git(folder, "tag", "--annotate", f"v{version}", "--message", f"stream-app {version}")
    return built


def build(folder: Path, into: Path, version: str) -> list[Path]:
    """Wheel, sdist, bill of materials and their checksums in the folder `into`: the same bytes for the same commit."""
    shutil.rmtree(into, ignore_errors=True)
    into.mkdir(parents=True)
    environment = os.environ | {"SOURCE_DATE_EPOCH": _git(folder, "log", "-1", "--format=%ct")}
    _run(folder, sys.executable, "-m", "hatchling", "build", "-d", str(into), env=environment)
    sbom.write(folder, into / f"stream_app-{version}.cdx.json")
    files = sorted(into.iterdir())
    sums = "".join(f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n" for file in files)
    (into / "SHA256SUMS").write_text(sums, encoding="utf-8")
    return [*files, into / "SHA256SUMS"]


def image(folder: Path, version: str) -> str:
    """Build the image where a container engine is at hand; what to tell of it. Raises NotReleased if that fails."""
    engine = next((path for name in ENGINES if (path := shutil.which(name))), None)
    if engine is None:
        return f"No image was built: neither {' nor '.join(ENGINES)} is on this machine."
    _run(folder, engine, "build", "--tag", f"stream-app:{version}", ".")
    return f"Image stream-app:{version} is built."


def _git(folder: Path, *arguments: str) -> str:
    return _run(folder, "git", *arguments).rstrip()


def _run(folder: Path, *command: str, env: dict[str, str] | None = None) -> str:
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)  # noqa: S603  ours
    if done.returncode:
        raise NotReleased(f"{' '.join(command)} ended with {done.returncode}: {done.stderr.strip()}")
    return done.stdout


def main() -> int:
    """Release, tell what was made, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("version", help="the new version, x.y.z")
    version = parser.parse_args().version
    try:
        for file in release(ROOT, version, day=f"{datetime.now(UTC):%Y-%m-%d}"):
            print(file.relative_to(ROOT))
        print(image(ROOT, version))
    except NotReleased as error:
        print(f"release: {error}", file=sys.stderr)
        return 2
    print(f"Tagged v{version}. Next: git push --follow-tags")
    return 0


if __name__ == "__main__":
    sys.exit(main())
