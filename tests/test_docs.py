"""What the documents name exists, what they tell to type can be typed, and they are a site without third parties."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from stream_app.cli import build
from tests.support.documents import PAGES, SETTING, SETTINGS, Typed, commands
from tests.support.programs import ROOT

WITH_COMMAND_BEHIND = {"supervise"}
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
PROGRAM = get_command(build())


def fault(words: tuple[str, ...]) -> str | None:
    """What is wrong with a command as a page names it."""
    if words[0] == "make":
        return next((f"no target {word}" for word in words[1:] if "=" not in word and word not in TARGETS), None)
    return _fault(PROGRAM, words[1:])


def _fault(command: Any, words: tuple[str, ...]) -> str | None:
    """The same below `command`, a group or a leaf. A group may stand alone, and `...` for anything."""
    below = getattr(command, "commands", None)
    if below is not None:
        if not words or words[0] in ("...", "COMMAND", "--help", "--version"):
            return None
        return _fault(below[words[0]], words[1:]) if words[0] in below else f"no command {words[0]}"
    if command.name in WITH_COMMAND_BEHIND:
        return _fault(PROGRAM, words)
    known = {"--help"}.union(*(set(it.opts) | set(it.secondary_opts) for it in command.params))
    options = (word.partition("=")[0] for word in words if re.match(r"--?[a-z]", word))
    return next((f"no option {option}" for option in options if option not in known), None)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_and_target_that_a_page_names_exists(page: Path) -> None:
    faults = {
        f"{it.page}:{it.line}: {' '.join(it.words)}: {wrong}" for it in commands(page) if (wrong := fault(it.words))
    }
    assert not faults


def test_commands_are_found_however_a_page_shows_them(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "See `make demo` and `stream-app verify`.\n\n"
        "    stream-app topics create             makes them\n\n"
        "```sh\nA=1 stream-app sink --json && make test\n```\n\n```json\nstream-app no\n```\n"
    )
    assert list(commands(page)) == [
        Typed("page.md", 1, ("make", "demo")),
        Typed("page.md", 1, ("stream-app", "verify")),
        Typed("page.md", 3, ("stream-app", "topics", "create")),
        Typed("page.md", 6, ("stream-app", "sink", "--json")),
        Typed("page.md", 6, ("make", "test")),
    ]


@pytest.mark.parametrize(
    ("typed", "wrong"),
    [
        ("make tea", "no target tea"),
        ("stream-app brew", "no command brew"),
        ("stream-app topics brew", "no command brew"),
        ("stream-app verify --strength 3", "no option --strength"),
        ("stream-app supervise brew", "no command brew"),
        ("stream-app supervise worker", None),
        ("stream-app models rollback -c x --why y", None),
    ],
)
def test_a_command_that_does_not_exist_is_told(typed: str, wrong: str | None) -> None:
    assert fault(tuple(typed.split())) == wrong


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_setting_that_a_page_names_exists(page: Path) -> None:
    named = SETTING.findall(page.read_text(encoding="utf-8"))
    # `STREAM_APP_X_...` and `STREAM_APP_X*` name all that begin so.
    text = page.read_text(encoding="utf-8")
    families = {name for name in named if re.search(re.escape(name) + r"(\*|\.\.\.)", text)}
    assert {name for name in named if name not in SETTINGS and name not in families} == set()
    assert all(any(it.startswith(name) for it in SETTINGS) for name in families)


@pytest.mark.parametrize("page", sorted(ROOT.glob("*.md")), ids=lambda page: page.name)
def test_every_file_that_a_page_beside_the_site_links_to_exists(page: Path) -> None:
    linked = re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8"))
    assert not [path for path in linked if not (ROOT / path).exists()]


@pytest.mark.slow
def test_the_site_holds_every_page_and_asks_no_third_party_for_anything(tmp_path: Path) -> None:
    program = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--site-dir", str(tmp_path)]
    done = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")
    pages = {page.stem: page.read_text(encoding="utf-8") for page in tmp_path.glob("*.html")}
    assert {page.stem for page in (ROOT / "docs").glob("*.md")} == set(pages) - {"404"}
    for text in pages.values():
        loaded = re.findall(r"<(?:script|link|img|iframe)\b[^>]*?(?:src|href)=\"([^\"]*)\"", text)
        assert not [address for address in loaded if "//" in address]
        assert 'class="mermaid"' not in text  # Material would fetch what draws them
