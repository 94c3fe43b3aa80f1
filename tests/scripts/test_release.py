"""`make release` on a clone of this repository."""

from __future__ import annotations

import subprocess
import tarfile
import zipfile
from pathlib import Path

import pytest

from scripts.dev import release as work
from scripts.dev.release import NotReleased
from tests.support.programs import ROOT

DAY = "2026-11-29"
NEWS = "# Changelog\n\n## Unreleased\n\n### Added\n\n- Something to see.\n\n## 0.1.0 - 2026-01-01\n\n- It begins.\n"


def git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    return subprocess.run(("git", *identity, *arguments), cwd=folder, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone of what is committed, with a changelog that tells something."""
    folder = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", "--no-tags", str(ROOT), str(folder))
    git(folder, "config", "user.name", "a")
    git(folder, "config", "user.email", "a@example.org")
    (folder / "CHANGELOG.md").write_text(NEWS)
    git(folder, "commit", "--quiet", "--all", "--message", "docs: tell something")
    return folder


@pytest.mark.slow
def test_a_release_is_a_tag_on_a_version_with_its_news_and_files_that_can_be_built_again_to_the_byte(
    clone: Path, tmp_path: Path
) -> None:
    built = work.release(clone, "9.8.7", day=DAY)

    assert git(clone, "describe", "--exact-match").strip() == "v9.8.7"
    assert git(clone, "status", "--porcelain") == ""
    assert 'version = "9.8.7"' in git(clone, "show", "v9.8.7:pyproject.toml")
    assert 'newTag: "9.8.7"' in git(clone, "show", "v9.8.7:deploy/kubernetes/kustomization.yaml")
    assert "## Unreleased\n\n## 9.8.7 - 2026-11-29\n\n### Added\n\n- Something" in (clone / "CHANGELOG.md").read_text()
    wheel, sdist, bill, sums = (
        next(it for it in built if it.name.endswith(end)) for end in (".whl", ".gz", ".json", "S")
    )
    assert "stream_app-9.8.7.dist-info/METADATA" in zipfile.ZipFile(wheel).namelist()
    with tarfile.open(sdist) as packed:
        assert "stream_app-9.8.7/CHANGELOG.md" in packed.getnames()
    assert '"pkg:pypi/river@' in bill.read_text()
    again = work.build(clone, tmp_path / "again", "9.8.7")
    assert [file.read_bytes() for file in again] == [file.read_bytes() for file in built]
    assert len(sums.read_text().splitlines()) == 3
    with pytest.raises(NotReleased, match=r"tag v9\.8\.7 is there already"):
        work.release(clone, "9.8.7", day=DAY)


@pytest.mark.parametrize(
    ("version", "change", "reason"),
    [
        ("v1", "", "version 'v1': wanted x.y.z"),
        ("9.8.7", "an unfinished thought", "uncommitted: CHANGELOG.md: wanted a clean checkout"),
    ],
)
def test_what_is_not_ready_is_not_released(clone: Path, version: str, change: str, reason: str) -> None:
    before = git(clone, "rev-parse", "HEAD")
    (clone / "CHANGELOG.md").write_text(NEWS + change)
    with pytest.raises(NotReleased, match=reason):
        work.release(clone, version, day=DAY)
    assert git(clone, "rev-parse", "HEAD") == before


def test_a_changelog_without_news_is_not_released() -> None:
    with pytest.raises(NotReleased, match="nothing under `## Unreleased`"):
        work.set_changelog("# Changelog\n\n## Unreleased\n\n## 0.1.0 - 2026-01-01\n\n- It begins.\n", "1.0.0", DAY)


def test_a_version_that_is_there_already_is_not_set() -> None:
    with pytest.raises(NotReleased, match=r"has version 1\.0\.0 already"):
        work.set_version('name = "x"\nversion = "1.0.0"\n', "1.0.0")


def test_a_machine_without_a_container_engine_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert work.image(tmp_path, "1.0.0") == "No image was built: neither docker nor podman is on this machine."
