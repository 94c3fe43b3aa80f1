"""The files around the code name commands, settings and parts that exist."""

from __future__ import annotations

import re
import subprocess
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import compose_spec
import pytest
import yaml
from typer.testing import CliRunner

from stream_app import cli
from stream_app.dev.jars import ENDPOINTS
from tests.support.documents import SETTING, SETTINGS
from tests.support.programs import ROOT


def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    return loaded


def commands_of_compose() -> Iterator[list[str]]:
    for service in compose()["services"].values():
        if service.get("image") == "stream-app":
            yield service["command"]


def commands_of_procfile() -> Iterator[list[str]]:
    for line in (ROOT / "Procfile").read_text().splitlines():
        if not line.startswith("#"):
            program, *arguments = line.partition(": ")[2].partition(" && ")[0].split()
            assert program == "stream-app"
            yield arguments


@pytest.mark.parametrize("arguments", [*commands_of_compose(), *commands_of_procfile()], ids=" ".join)
def test_every_process_is_started_by_a_command_that_exists(arguments: list[str]) -> None:
    # What `supervise` gets it starts, again and again.
    asked = arguments[1:] if arguments[0] == "supervise" else arguments
    answer = CliRunner().invoke(cli.build(), [*asked, "--help"])

    assert answer.exit_code == 0, answer.output


def test_procfile_and_compose_run_the_same_processes() -> None:
    # Where nothing restarts a process that ends, as the containers' runtime does, `supervise` does.
    processes = {next(it for it in arguments if it != "supervise") for arguments in commands_of_procfile()}

    assert processes == {"worker", "sink", "watch-evidence", "web", "feed"}
    # Gateway and notifier need somebody who may send or is to be told: they run where the settings name one.
    assert {arguments[0] for arguments in commands_of_compose()} == processes | {"topics", "notify", "gateway"}


def test_compose_follows_its_specification() -> None:
    options = compose_spec.PyOptions()
    options.apply_merge = True

    read = options.from_yaml((ROOT / "docker-compose.yml").read_text())
    read.validate()

    assert set(read.services or ()) == set(compose()["services"])


@pytest.mark.parametrize("name", list(compose()["services"]))
def test_every_container_is_pinned_closed_to_other_machines_and_looked_after(name: str) -> None:
    service = compose()["services"][name]
    ours = service["image"] == "stream-app"

    assert ours or re.search(r":v?\d+\.\d+", service["image"])
    assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ()))
    # The image of the service brings the check of its health along.
    assert ours or "test" in service["healthcheck"]
    if ours:
        assert service["read_only"]
        assert service["cap_drop"] == ["ALL"]


def test_prometheus_looks_for_every_process_of_compose() -> None:
    (scraped,) = yaml.safe_load((ROOT / "deploy/prometheus/prometheus.yml").read_text())["scrape_configs"]
    stay = {name for name, service in compose()["services"].items() if service["image"] == "stream-app"} - {
        "topics",
        "feed",
    }

    assert set(scraped["dns_sd_configs"][0]["names"]) == stay


@pytest.mark.parametrize("file", [".env.example", "docker-compose.yml", "Dockerfile", "stream_app/cli/dev.py"])
def test_every_setting_that_is_named_exists(file: str) -> None:
    assert set(SETTING.findall((ROOT / file).read_text())) <= SETTINGS


def test_compose_runs_the_same_broker_as_the_local_stack() -> None:
    version = ENDPOINTS["kafka"].split("+")[0].rpartition(":")[2]

    assert compose()["services"]["kafka"]["image"] == f"apache/kafka:{version}"


def test_every_make_target_explains_itself() -> None:
    makefile = (ROOT / "Makefile").read_text()
    declared = set(re.findall(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)[0].split())

    command = ["make", "--no-print-directory", "help"]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)

    assert {line.split()[0] for line in answer.stdout.splitlines()[1:]} == declared


def test_the_locks_cover_what_the_project_asks_for_by_hash_and_name_no_index() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

    def names(requirements: list[str]) -> set[str]:
        return {re.split(r"[<>=\[]", it)[0] for it in requirements} - {project["name"]}

    for file, extras in (("dev.txt", ["local", "dev", "datasets"]), ("runtime.txt", ["datasets"])):
        text = (ROOT / "requirements" / file).read_text()
        locked = re.findall(r"^([a-z0-9-]+)==\S+", text, re.MULTILINE)
        asked = names(project["dependencies"]).union(*(names(project["optional-dependencies"][it]) for it in extras))
        assert asked <= set(locked)
        assert len(re.findall(r"^[a-z0-9-]+==\S+(?: ;[^\\]*)? \\\n +--hash=sha256:", text, re.MULTILINE)) == len(locked)
        assert "://" not in text


def test_the_wheel_carries_schemas_locks_pages_and_the_chart_script(tmp_path: Path) -> None:
    answer = subprocess.run(
        [ROOT / ".venv/bin/python", "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    (wheel,) = tmp_path.glob("*.whl")

    names = set(zipfile.ZipFile(wheel).namelist())

    assert {
        "stream_app/_schemas/match-features.schema.json",
        "stream_app/dev/jars.lock",
        "stream_app/web/static/vendor/uplot/uPlot.iife.min.js",
        "stream_app/web/templates/base.html",
    } <= names
    assert not [name for name in names if name.startswith("tests/")]
