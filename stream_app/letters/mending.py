"""Changes that people make to the message of a dead letter before it is sent again."""

from __future__ import annotations

import os
import shlex
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import EllipsisType
from typing import Any

import orjson

from stream_app.errors import InvalidInput

LEFT_OUT: EllipsisType = ...
"""In place of the value of a field that is to be left out."""


def changes(fields: Sequence[str], drop: Sequence[str]) -> dict[str, Any]:
    """Fields and their new values, from texts such as `home_goals=2`; those of `drop` are to be left out.

    A value that is not JSON is taken for words.

    Raises
    ------
    InvalidInput
        A text is no such change.
    """
    found: dict[str, Any] = dict.fromkeys(drop, LEFT_OUT)
    for change in fields:
        name, equals, value = change.partition("=")
        if not equals or not name:
            raise InvalidInput(f"--set {change!r}: wanted FIELD=JSON, such as home_goals=2 or home='\"Brann\"'")
        try:
            found[name] = orjson.loads(value)
        except orjson.JSONDecodeError:
            found[name] = value  # Words need no quotation marks.
    return found


def changed(value: bytes | None, wanted: Mapping[str, Any]) -> bytes:
    """The JSON object `value` with the `wanted` changes.

    Raises
    ------
    InvalidInput
        It is none.
    """
    try:
        fields = orjson.loads(value or b"")
    except orjson.JSONDecodeError:
        raise InvalidInput("its value is not JSON, so no field can be set; wanted --edit") from None
    if not isinstance(fields, dict):
        raise InvalidInput("its value is no JSON object, so no field can be set; wanted --edit")
    kept = {name: item for name, item in {**fields, **wanted}.items() if item is not LEFT_OUT}
    return orjson.dumps(kept)


def edited(value: bytes | None) -> bytes:
    """What comes out of the user's editor: `$VISUAL`, `$EDITOR`, else vi.

    Raises
    ------
    InvalidInput
        There is no such editor, or it ended with an error: then the message is not to be sent.
    """
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
    with tempfile.TemporaryDirectory(prefix="stream-app-") as folder:
        file = Path(folder) / "message.json"
        file.write_text(pretty(value), encoding="utf-8")
        try:
            done = subprocess.run([*shlex.split(editor), str(file)], check=False)  # noqa: S603  the user's own editor
        except OSError as error:
            raise InvalidInput(f"editor {editor!r}: {error.strerror}; wanted one in $EDITOR") from None
        if done.returncode:
            raise InvalidInput(f"editor {editor!r} ended with {done.returncode}; the message stays as it is")
        return _compact(file.read_bytes())


def pretty(value: bytes | None) -> str:
    """`value` for people: JSON over several lines, anything else as text."""
    try:
        return orjson.dumps(orjson.loads(value or b""), option=orjson.OPT_INDENT_2).decode()
    except orjson.JSONDecodeError:
        return text(value) or ""


def text(value: bytes | None) -> str | None:
    """`value` as text, with escapes for what is none; None stays None."""
    return None if value is None else value.decode(errors="backslashreplace")


def _compact(value: bytes) -> bytes:
    try:
        return orjson.dumps(orjson.loads(value))
    except orjson.JSONDecodeError:
        return value  # What is wrong with it is told when it is checked.
