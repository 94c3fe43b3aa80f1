"""What containers of the trial are started with, told by a podman that only takes notes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from scripts.dev.image_rehearsal import ROOT
from scripts.dev.image_trial import IMAGE, Podman, Service, main


@pytest.fixture
def podman(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The notes of `podman`: its words one in a line, then its environment. It fails when it reads `fails` in them."""
    notes, program = tmp_path / "notes", tmp_path / "bin/podman"
    program.parent.mkdir()
    program.write_text(
        f'#!/bin/sh\nprintf "%s\\n" "$@" > {notes}\nenv >> {notes}\n'
        'for word; do [ "$word" = fails ] && echo no && exit 3; done\nexit 0\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=":")
    return notes


def compose() -> dict[str, Any]:
    services: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))["services"]
    return services


def test_a_container_has_the_restrictions_of_the_compose_file_and_no_secret_on_its_command_line(
    podman: Path, tmp_path: Path
) -> None:
    secret = "postgresql://stream_app:very-secret@127.0.0.1/stream_app"
    service = Service(Podman("a-runtime"), tmp_path, {"STREAM_APP_DATABASE_URL": secret})
    service.to_its_end("topics", compose()["topics"])

    words, _, rest = podman.read_text().partition(f"\n{IMAGE}\n")
    command, _, env = rest.partition("\ncreate\n")
    assert command == "topics"
    assert {"a-runtime", "--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges"} <= set(words.splitlines())
    assert "--env=STREAM_APP_DATABASE_URL" in words.splitlines()
    assert "very-secret" not in words
    assert f"STREAM_APP_DATABASE_URL={secret}" in env.splitlines()


def test_a_process_that_fails_ends_the_trial_with_what_it_said(podman: Path, tmp_path: Path) -> None:
    service = Service(Podman(None), tmp_path, {})
    with pytest.raises(SystemExit, match="feed ended with code 3:\nno"):
        service.to_its_end("feed", compose()["feed"] | {"command": ["fails"]})
    assert podman.exists()


def test_without_podman_the_trial_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.setattr("sys.argv", ["image_trial"])
    with pytest.raises(SystemExit, match="podman is not installed"):
        main()
