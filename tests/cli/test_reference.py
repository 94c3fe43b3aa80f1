"""The command line as a whole: its page, what every command has in common, and how it ends."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from stream_app import cli, supervisor
from stream_app.__main__ import EXIT_USAGE
from stream_app.cli import EXIT_CODES, PANELS, build
from stream_app.cli.reference import PAGE, page
from stream_app.errors import InvalidInput

ROOT = Path(__file__).parents[2]
PARTS = {"models_asking"}
"""Modules whose commands another one puts into its group."""
REGISTERS = "\n\ndef register("


def leaves(command: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Every command that does something, by its name."""
    below = getattr(command, "commands", None)
    if below is None:
        yield name.strip(), command
        return
    for child in below:
        yield from leaves(below[child], f"{name} {child}")


APP = build()
COMMANDS = dict(leaves(get_command(APP)))


def test_every_module_that_has_commands_stands_under_a_heading() -> None:
    under = [name for names in PANELS.values() for name in names]
    modules = {
        file.stem for file in Path(cli.__file__).parent.glob("*.py") if REGISTERS in file.read_text(encoding="utf-8")
    }
    assert sorted(under) == sorted(modules - PARTS)


def test_a_command_line_that_is_built_again_has_each_command_once() -> None:
    for group in build().registered_groups:
        assert group.typer_instance is not None
        names = [command.name for command in group.typer_instance.registered_commands]
        assert len(names) == len(set(names)), group.name


def test_the_page_is_what_the_commands_say_of_themselves() -> None:
    written = PAGE.read_text(encoding="utf-8")
    assert written == page(written), "run `make reference`"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_a_json_twin(name: str) -> None:
    assert any("--json" in parameter.opts for parameter in COMMANDS[name].params)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_option_explains_itself(name: str) -> None:
    assert COMMANDS[name].help
    for parameter in COMMANDS[name].params:
        assert parameter.help, parameter.name


@pytest.mark.parametrize("name", sorted(set(COMMANDS) - {"supervise"}))
def test_an_option_that_no_command_has_is_a_mistake_of_who_calls(name: str) -> None:
    run = CliRunner().invoke(APP, [*name.split(), "--no-such-option"])
    assert run.exit_code == EXIT_USAGE or isinstance(run.exception, InvalidInput)


def test_the_help_tells_what_the_exit_codes_mean_as_the_page_does() -> None:
    told = CliRunner().invoke(APP, ["--help"]).stdout
    written = re.findall(r"^\| (\d+) \| ", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    codes = EXIT_CODES.partition(":")[2].split(";")
    assert [code.split()[0] for code in codes] == written
    assert " ".join(EXIT_CODES.split()) in " ".join(told.split())


def test_the_version_is_said() -> None:
    run = CliRunner().invoke(build(), ["--version"], catch_exceptions=False)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert (run.exit_code, run.stdout) == (0, f"{project['version']}\n")


def test_what_stands_behind_a_supervised_command_is_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[list[str]] = []

    class Once:
        def __init__(self, command: list[str], *, say: object) -> None:
            ran.append(command[-3:])

        def run(self) -> int:
            return 0

    monkeypatch.setattr(supervisor, "Supervisor", Once)
    plain = CliRunner().invoke(build(), ["supervise", "web", "--port=0", "--json"], catch_exceptions=False)
    told = CliRunner().invoke(build(), ["supervise", "--json", "web", "--port=0", "--json"], catch_exceptions=False)
    assert ran == [["web", "--port=0", "--json"]] * 2
    assert (plain.exit_code, plain.stdout) == (0, "")
    assert told.stdout == '{"started": "supervise", "command": ["web", "--port=0", "--json"]}\n'


def call(folder: Path, *arguments: str, before: str = "") -> subprocess.CompletedProcess[str]:
    """The program as a process of its own on a machine where nothing is set up; `before` goes before its modules."""
    return subprocess.run(
        [sys.executable, "-m", "stream_app", *arguments],
        cwd=folder,
        env={"PATH": "", "PYTHONPATH": f"{before}:{ROOT}", "HOME": str(folder), "COLUMNS": "120"},
        capture_output=True,
        check=False,
        text=True,
    )


@pytest.mark.slow
def test_a_bare_machine_is_enough_and_a_mistake_is_one_line_with_its_exit_code(tmp_path: Path) -> None:
    good = call(tmp_path, "predict", "7.5", "6.2", "8.0", "7.5", "0.5", "--match-id", "match_001")
    assert (good.returncode, good.stderr) == (0, "")
    assert good.stdout.startswith("match_001: home win")
    mistake = call(tmp_path, "predict", "7.5")
    assert (mistake.returncode, mistake.stdout) == (2, "")
    assert mistake.stderr.startswith("stream-app: 1 number given (7.5): wanted 5")
    assert mistake.stderr.count("\n") == 1


def test_ctrl_c_ends_a_command_quietly_while_it_is_still_being_loaded(tmp_path: Path) -> None:
    interrupts_itself = tmp_path / "typer.py"
    interrupts_itself.write_text("raise KeyboardInterrupt", encoding="utf-8")
    run = call(tmp_path, "info", before=str(tmp_path))
    assert (run.returncode, run.stdout, run.stderr) == (130, "", "")


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments", [("predict", "--home", "A", "--away", "B", "--competition", "C", "--live"), ("evidence",)]
)
def test_a_service_that_is_away_has_an_exit_code_of_its_own(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    environment = os.environ | {"STREAM_APP_KAFKA": "127.0.0.1:1", "PYTHONPATH": str(ROOT)}
    away = subprocess.run(
        [sys.executable, "-m", "stream_app", *arguments],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        check=False,
        text=True,
    )
    assert away.returncode == 3
    assert away.stderr.startswith("stream-app: Kafka does not answer at 127.0.0.1:1")
    assert away.stderr.count("\n") == 1
