"""What the documents tell a reader to type: every command in them, and those that are marked to be run.

A block of commands that can be run stands under the line `<!-- run -->`. Its lines are `$ command`, each followed by
what it prints; `...` there stands for anything.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from stream_app.settings import Settings
from stream_app.settings.secret_files import is_secret
from tests.support.programs import ROOT

PAGES = tuple(
    sorted(file for file in (*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")) if file.name != "CHANGELOG.md")
)
SETTING = re.compile(r"STREAM_APP_[A-Z0-9_]+")
SETTINGS = frozenset(
    f"STREAM_APP_{name.upper()}{end}"
    for name, it in Settings.model_fields.items()
    for end in (("", "_FILE") if is_secret(it) else ("",))
)
"""The variables of all settings, those that name a secret's file too."""

MARK = "<!-- run -->"
ANYTHING = "..."

_FENCE = re.compile(r"^ *```")
_SHELL = {"", "sh", "console"}
_CODE = re.compile(r"^(?: {4}|\t|\$ )")
_PROGRAM = re.compile(r"^(?:\$ )?(?:[A-Z_]+=\S* )*(?=(?:stream-app|make)(?: |$))")
_SPAN = re.compile(r"`((?:stream-app|make)(?: [^`]+)?)`")
_REMARK = re.compile(r"\s{2,}.*|\s#\s.*")


@dataclass(frozen=True, slots=True)
class Typed:
    """A command as a page names it."""

    page: str
    line: int
    words: tuple[str, ...]


@dataclass(slots=True)
class Step:
    """A command that can be run, and what it should print."""

    page: str
    line: int
    command: str
    expected: list[str] = field(default_factory=list)

    def fits(self, printed: str) -> bool:
        """Whether `printed` is what the page shows, whatever stands for `...`."""
        shown = "\n".join(self.expected)
        pattern = ".*".join(re.escape(part) for part in shown.split(ANYTHING))
        return re.fullmatch(pattern, printed.strip(), re.DOTALL) is not None


def commands(page: Path) -> Iterator[Typed]:
    """Every command of the service and every target of `make` in the code of `page`."""
    fence: str | None = None
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1):
        if _FENCE.match(line):
            fence = line.strip(" `") if fence is None else None
            continue
        if fence is not None:
            found = [line.strip()] if fence in _SHELL else []
        else:
            found = [line.strip()] if _CODE.match(line) else []
            found += _SPAN.findall(line)
        for text in found:
            yield from (Typed(page.name, number, words) for words in _split(text))


def _split(text: str) -> Iterator[tuple[str, ...]]:
    """The words of each command on a line, without remarks and the brackets around what may be left out."""
    for part in re.split(r"[|;]|&&", _REMARK.sub("", text)):
        program = _PROGRAM.match(part.strip())
        if program:
            command = part.strip()[program.end() :].rstrip("\\,. ")
            yield tuple(shlex.split(command.replace("[", "").replace("]", "")))


def steps(page: Path) -> list[Step]:
    """The commands of `page` that are marked to be run."""
    lines = page.read_text(encoding="utf-8").splitlines()
    found: list[Step] = []
    for start in (number for number, line in enumerate(lines) if line.strip() == MARK):
        assert lines[start + 1].strip() == "```console", f"{page.name}:{start + 1}: no console block follows"
        for number in range(start + 2, len(lines)):
            line = lines[number].strip()
            if line == "```":
                break
            if line.startswith("$ "):
                found.append(Step(page.name, number + 1, line.removeprefix("$ ")))
            else:
                found[-1].expected.append(line)
    return found
