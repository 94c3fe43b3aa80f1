"""The reference part of docs/command-line.md, rendered from the command line itself.

Run it from the root of the project: python -m stream_app.cli.reference
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from typer.main import get_command

from stream_app.cli import build

PAGE = Path(__file__).parents[2] / "docs" / "command-line.md"
MARK = "<!-- Rendered by `make reference` from here on. -->"
NAME = "stream-app"
VALUE = "VALUE"


def page(before: str) -> str:
    """The page: what people wrote of it, up to the mark in `before`, and the reference."""
    return before.partition(MARK)[0] + MARK + "\n\n" + "\n".join(_commands(get_command(build()), NAME)).rstrip() + "\n"


def _commands(command: Any, name: str) -> Iterator[str]:
    """The sections of a command and of those below it. typer's commands are click's, whose types it keeps to itself."""
    below = getattr(command, "commands", None)
    if below is None:
        yield from _section(command, name)
        return
    if name != NAME:
        yield f"### `{name}`\n"
        yield f"{_text(command.help)}\n"
    for child in sorted(below, key=lambda it: (hasattr(below[it], "commands"), list(below).index(it))):
        yield from _commands(below[child], f"{name} {child}")


def _section(command: Any, name: str) -> Iterator[str]:
    level = "###" if name.count(" ") == 1 else "####"
    arguments = [it for it in command.params if it.param_type_name == "argument"]
    options = [it for it in command.params if it.param_type_name == "option" and not it.hidden]
    yield f"{level} `{' '.join([name, *map(_metavar, arguments)])}`\n"
    yield f"{_text(command.help)}\n"
    if arguments or options:
        yield "| | |\n|---|---|"
        for parameter in (*arguments, *options):
            yield f"| {_spelled(parameter)} | {_said(parameter)} |"
        yield ""


def _text(help_text: str | None) -> str:
    return inspect.cleandoc(help_text or "").replace("\b\n", "")


def _metavar(argument: Any) -> str:
    name = argument.metavar or argument.name.upper()
    name = f"{name}..." if argument.nargs == -1 and not name.endswith("...") else name
    return str(name) if argument.required else f"[{name}]"


def _spelled(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        return f"`{_metavar(parameter)}`"
    names = ", ".join(f"`{name}`" for name in (*parameter.opts, *parameter.secondary_opts))
    return names if parameter.is_flag else f"{names} `{parameter.metavar or VALUE}`"


def _said(parameter: Any) -> str:
    said = " ".join(str(getattr(parameter, "help", None) or "").split()).replace("|", "\\|")
    default = parameter.default
    if isinstance(default, bool | None) or callable(default) or not parameter.show_default:
        return f"{said} Required." if parameter.required and parameter.param_type_name == "option" else said
    return f"{said} Default: `{default}`."


def main() -> None:
    """Write the page anew."""
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
