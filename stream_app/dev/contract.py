"""Keeps what is written of the topics true: `python -m stream_app.dev.contract [--examples]`, as `make contract` does.

Renders docs/topics.md from schemas/asyncapi.yaml; with --examples it first puts real messages into that document. With
--release, when a release is made, the schemas become the ones that later ones are held against.
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from stream_app import schemas
from stream_app.dev.contract_page import page

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT / "schemas" / "asyncapi.yaml"
PAGE = ROOT / "docs" / "topics.md"
RELEASED = ROOT / "schemas" / "released"

INTERNAL = ("configure", "refused-commands")
"""Schemas of what only the service itself writes and reads, in the log."""

_MESSAGES = "  messages:\n"
_WIDTH = 118


def rendered(document: str) -> str:
    """docs/topics.md as it should be for the AsyncAPI document `document`."""
    return page(yaml.safe_load(document)).rstrip() + "\n"


def with_examples(document: str, examples: Mapping[str, Sequence[Mapping[str, Any]]]) -> str:
    """`document` with new examples in the messages of those names; all else stays as it is written, letter by letter.

    The examples of a message are the last of its fields. Those that have a name replace the one of that name only.
    """
    head, marker, messages = document.rpartition(_MESSAGES)
    lines = messages.splitlines(keepends=True)
    for name, found in examples.items():
        begin = lines.index(f"    {name}:\n")
        end = next((at for at in range(begin + 1, len(lines)) if _indent(lines[at]) <= 4), len(lines))
        at = lines.index("      examples:\n", begin, end)
        kept = yaml.safe_load("".join(lines[at:end]))["examples"] if any("name" in item for item in found) else []
        names = {item.get("name") for item in found}
        merged = [*(item for item in kept if item.get("name") not in names), *found]
        lines[at:end] = [f"      {line}\n" for line in _dumped({"examples": merged}).splitlines()]
    return head + marker + "".join(lines)


def release(folder: Path = RELEASED) -> None:
    """Keep the schemas of today in `folder`, in place of those of the last release."""
    folder.mkdir(exist_ok=True)
    for old in folder.glob(f"*{schemas.SUFFIX}"):
        old.unlink()
    for name in schemas.names():
        if name not in INTERNAL:
            file = f"{name}{schemas.SUFFIX}"
            shutil.copyfile(DOCUMENT.parent / file, folder / file)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _dumped(value: Mapping[str, Any]) -> str:
    text: str = yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=_WIDTH)
    return text


def main() -> None:
    """Write the files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", action="store_true", help="put messages of a run into the document first")
    parser.add_argument("--release", action="store_true", help="keep the schemas in schemas/released/")
    chosen = parser.parse_args()
    if chosen.release:
        release()
    if chosen.examples:
        from stream_app.dev.contract_run import examples

        DOCUMENT.write_text(with_examples(DOCUMENT.read_text(encoding="utf-8"), examples()), encoding="utf-8")
    PAGE.write_text(rendered(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
