"""Writes what a release is made of, as CycloneDX with the hashes of the lock: `make sbom`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def write(folder: Path, file: Path) -> None:
    """Write the bill of materials of the checkout `folder` to `file`. The same locks give the same bytes."""
    file.parent.mkdir(parents=True, exist_ok=True)
    options = ("--no-validate", "--output-reproducible", "--of", "JSON", "-o", str(file))
    subprocess.run(  # noqa: S603  the program is one of the locked packages
        [
            *(sys.executable, "-W", "ignore", "-m", "cyclonedx_py", "requirements", *options),
            *("--pyproject", str(folder / "pyproject.toml"), str(folder / "requirements" / "runtime.txt")),
        ],
        check=True,
    )


if __name__ == "__main__":
    write(ROOT, ROOT / "dist" / "sbom.cdx.json")
