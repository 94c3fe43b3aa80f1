"""Asks for known vulnerabilities of every package that the locks name: `make audit`.

Ends with 0 when there is none, with 1 when there is one, and with 3 when nobody could be asked: then nothing was
checked, and it says so. `--if-reachable` makes 0 of that 3, for machines without a way to such a service.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
LOCKS = ("dev.txt", "build.txt", "uv.txt")
"""What is installed anywhere. `runtime.txt` is a part of `dev.txt`."""

ACCEPTED: Mapping[str, str] = {}
"""Vulnerabilities that do not touch this program: by their id, why not."""

FOUND, NOT_ASKED = 1, 3


@dataclass(frozen=True, slots=True)
class Answer:
    """What a service said: vulnerable packages, and how many it knows and does not know."""

    found: tuple[str, ...]
    known: int
    unknown: int


def read(report: Mapping[str, Any]) -> Answer:
    """The answer in a report of pip-audit, without what is accepted."""
    packages = report["dependencies"]
    found = [
        f"{package['name']} {package['version']}: {flaw['id']}, mended in {', '.join(flaw['fix_versions']) or '-'}"
        for package in packages
        for flaw in package.get("vulns", ())
        if not {flaw["id"], *flaw.get("aliases", ())} & set(ACCEPTED)
    ]
    unknown = sum("skip_reason" in package for package in packages)
    return Answer(tuple(found), len(packages) - unknown, unknown)


def ask(service: str, locks: Sequence[Path]) -> Answer | None:
    """What `service` (osv or pypi) says of all packages in `locks`; None when it cannot be asked."""
    named = [part for lock in locks for part in ("--requirement", str(lock))]
    options = ("--disable-pip", "--require-hashes", "--progress-spinner=off", "--format=json")
    done = subprocess.run(  # noqa: S603  the program is one of the locked packages
        [sys.executable, "-m", "pip_audit", "--vulnerability-service", service, *options, *named],
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        return read(json.loads(done.stdout))
    except json.JSONDecodeError:
        return None


def verdict(service: str, answer: Answer | None) -> tuple[int, str]:
    """The exit code, and what to tell."""
    if answer is None or not answer.known:
        return NOT_ASKED, f"NOT CHECKED for known vulnerabilities: {service} cannot be asked from this machine."
    if answer.found:
        return FOUND, "\n".join(("Known vulnerabilities:", *answer.found))
    if answer.unknown:
        return (
            NOT_ASKED,
            f"{answer.known} packages have no known vulnerability; {service} does not know {answer.unknown}.",
        )
    return 0, f"{answer.known} packages have no known vulnerability, says {service}."


def main() -> int:
    """Ask, tell, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--service", choices=("osv", "pypi"), default="osv", help="whom to ask; default: osv")
    parser.add_argument("--if-reachable", action="store_true", help="end with 0 when nobody could be asked")
    chosen = parser.parse_args()
    code, text = verdict(chosen.service, ask(chosen.service, [ROOT / "requirements" / lock for lock in LOCKS]))
    print(text, file=sys.stderr if code else sys.stdout)
    return 0 if code == NOT_ASKED and chosen.if_reachable else code


if __name__ == "__main__":
    sys.exit(main())
