"""What `make audit` makes of the answers of a vulnerability service, in the form in which pip-audit gives them."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from scripts.dev import audit

GOOD = {"name": "numpy", "version": "2.1.0", "vulns": []}
BAD = {
    "name": "jinja2",
    "version": "3.1.0",
    "vulns": [{"id": "PYSEC-2024-1", "aliases": ["CVE-2024-1"], "fix_versions": ["3.1.5"], "description": "..."}],
}
UNKNOWN = {"name": "river", "skip_reason": "Dependency not found"}


def told(*packages: object) -> tuple[int, str]:
    return audit.verdict("osv", audit.read({"dependencies": packages}))


def test_a_known_vulnerability_fails_and_is_named_with_what_mends_it() -> None:
    assert told(GOOD, BAD) == (1, "Known vulnerabilities:\njinja2 3.1.0: PYSEC-2024-1, mended in 3.1.5")


def test_one_that_is_accepted_by_any_of_its_names_does_not_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "ACCEPTED", {"CVE-2024-1": "templates come from this program alone"})
    assert told(GOOD, BAD)[0] == 0


def test_a_service_that_knows_no_package_has_checked_nothing() -> None:
    code, text = told(UNKNOWN)
    assert code == audit.NOT_ASKED
    assert text.startswith("NOT CHECKED")


def test_packages_that_the_service_does_not_know_are_no_clean_bill() -> None:
    assert told(GOOD, UNKNOWN) == (3, "1 packages have no known vulnerability; osv does not know 1.")


def test_a_service_that_is_away_is_told_apart_from_a_good_answer(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    lock = tmp_path / "lock.txt"
    lock.write_text("six==1.17.0 --hash=sha256:4721f391ed90541fddacab5acf947aa0d3dc7d27b2e1e8eda2be8970586c3274\n")
    with socket.socket() as nobody:  # bound and not listening
        nobody.bind(("127.0.0.1", 0))
        for name in ("HTTPS_PROXY", "https_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{nobody.getsockname()[1]}")
        monkeypatch.setenv("NO_PROXY", "")
        monkeypatch.setenv("no_proxy", "")
        answer = audit.ask("osv", [lock])
    assert answer is None
    assert audit.verdict("osv", answer)[0] == audit.NOT_ASKED
