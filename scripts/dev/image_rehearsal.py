"""Runs the build steps of the Dockerfile without Docker, and measures what would be in the image.

The RUN steps of the stage `build` run in their order in a scratch directory, with the paths of the image moved into it;
the result is started, as the image's user where that one may enter the interpreter's folder. Not run: what makes the
image's user and folder, and everything that only Docker does. The size of the base image is stated, not measured.

    python scripts/dev/image_rehearsal.py
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
MB = 1_000_000
BASE_MB = 130
"""About what `docker images` says of the slim images of Python 3.11 on Debian 12."""

MOST_MB = 600
UID = 10001


def main() -> int:
    """Rehearse, and say by the exit code whether all steps ran and the image stays below its limit."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keep", action="store_true", help="leave the scratch directory, and say where it is")
    arguments = parser.parse_args()
    scratch = Path(tempfile.mkdtemp(prefix="stream-app-image-"))
    scratch.chmod(0o755)
    try:
        return _rehearse(scratch)
    finally:
        if arguments.keep:
            print(f"left in {scratch}")
        else:
            shutil.rmtree(scratch)


def _rehearse(scratch: Path) -> int:
    (scratch / "opt").mkdir()
    (scratch / "src").mkdir()
    # In the image Python and pip are those of the base image.
    subprocess.run([sys.executable, "-m", "venv", scratch / "base"], check=True)  # noqa: S603  fixed words
    own = {name: value for name, value in os.environ.items() if not name.startswith(("STREAM_APP_", "PYTHON"))}
    env = own | {"PATH": f"{scratch / 'base/bin'}:{own['PATH']}", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    for word, rest in steps((ROOT / "Dockerfile").read_text(encoding="utf-8")):
        print(f"{word} {rest[:100]}", flush=True)
        if word == "COPY":
            *sources, target = rest.split()
            for source in sources:
                _copy(ROOT / source, scratch / "src" / target)
        else:
            command = rest.replace("/opt/", f"{scratch}/opt/")
            shell = ["/bin/bash", "-euc", command]
            if subprocess.run(shell, cwd=scratch / "src", env=env, check=False).returncode:  # noqa: S603  our own file
                print("this step failed")
                return 1
    installed = scratch / "opt/stream-app"
    size = sum(file.lstat().st_size for file in installed.rglob("*") if not file.is_dir()) / MB
    print(_started(installed))
    print(f"/opt/stream-app {size:.0f} MB + base image about {BASE_MB} MB = about {size + BASE_MB:.0f} MB")
    print(f"at the most {MOST_MB} MB are allowed")
    return 0 if size + BASE_MB < MOST_MB else 1


def steps(dockerfile: str) -> list[tuple[str, str]]:
    """The COPY and RUN steps of the stage `build`: the word, and what follows it on one line."""
    lines = [line for line in dockerfile.splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    stage = joined.partition(" AS build\n")[2].partition("\nFROM ")[0]
    return [(word, rest) for word, rest in re.findall(r"^(COPY|RUN) (.+)$", stage, re.MULTILINE)]


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        ignored = shutil.ignore_patterns("__pycache__", "*.pyc", "vendor")
        shutil.copytree(source, target, ignore=ignored, dirs_exist_ok=True)
    else:
        target.mkdir(exist_ok=True)
        shutil.copy(source, target)


def _started(installed: Path) -> str:
    """What the installed program says of its version, and as whom it ran."""
    other = os.getuid() == 0 and _open_to_all(Path(sys.base_prefix))
    answer = subprocess.run(  # noqa: S603  the program was installed above
        [installed / "bin/stream-app", "--version"],
        cwd="/",
        env={"PATH": "/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1", "HOME": "/nonexistent"},
        user=UID if other else None,
        capture_output=True,
        text=True,
        check=True,
    )
    whom = f"user {UID}" if other else f"this user, as {sys.base_prefix} is closed to user {UID}"
    return f"stream-app {answer.stdout.strip()} starts, run as {whom}"


def _open_to_all(folder: Path) -> bool:
    return all(place.stat().st_mode & stat.S_IXOTH for place in (folder, *folder.parents))


if __name__ == "__main__":
    sys.exit(main())
