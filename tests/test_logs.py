from __future__ import annotations

import json
import logging
import sys
import warnings
from collections.abc import Iterator

import pytest

from stream_app import logs
from stream_app.settings import load


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    """Put the process's logging back as it was."""
    root, hook = logging.root, sys.excepthook
    handlers, level = list(root.handlers), root.level
    levels = {name: logging.getLogger(name).level for name in logs.TALKATIVE}
    yield
    logging.captureWarnings(False)
    root.handlers[:], sys.excepthook = handlers, hook
    root.setLevel(level)
    for name, of_library in levels.items():
        logging.getLogger(name).setLevel(of_library)


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_a_line_says_when_how_grave_who_and_what(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(load(log_format="json"))
    logging.getLogger("stream_app.some").warning("%d of %d", 1, 2)
    (line,) = lines(capsys)
    assert str(line.pop("time")).endswith("+00:00")
    assert line == {"level": "warning", "logger": "stream_app.some", "message": "1 of 2"}


def test_a_line_names_the_event_that_it_is_about(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(load(log_format="json"))
    about = {"competition": "alpha", "match_id": "a-1", "event_id": "e", "topic": "match-log", "partition": 0}
    logging.getLogger("stream_app.some").error("wrong", extra=about | {"offset": 0, "something": "else"})
    (line,) = lines(capsys)
    assert {name: line.get(name) for name in (*about, "offset")} == about | {"offset": 0}
    assert "something" not in line


def test_an_exception_is_a_field_and_its_line_stays_one(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(load(log_format="json"))
    try:
        raise ValueError("two\nlines \ud800")
    except ValueError:
        logging.getLogger("stream_app.some").exception("it \ud800 failed")
    (line,) = lines(capsys)
    assert line["message"] == "it \\ud800 failed"
    assert str(line["exception"]).startswith("Traceback")
    assert "ValueError: two\nlines" in str(line["exception"])


def test_what_nobody_caught_and_what_is_warned_of_are_lines_too(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(load(log_format="json"))
    error = ValueError("nobody")
    sys.excepthook(ValueError, error, error.__traceback__)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("old", DeprecationWarning, stacklevel=1)
    uncaught, warned = lines(capsys)
    assert (uncaught["level"], uncaught["message"]) == ("critical", "ValueError: nobody")
    assert (warned["level"], "DeprecationWarning: old" in str(warned["message"])) == ("warning", True)


@pytest.mark.parametrize(("format_", "terminal"), [("text", False), ("auto", True)])
def test_people_get_text(
    format_: str, terminal: bool, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal)
    logs.configure(load(log_format=format_))
    logging.getLogger("stream_app.some").info("hello")
    logs.complain("it is over")
    said, over = capsys.readouterr().err.splitlines()
    assert said.endswith(" INFO stream_app.some: hello")
    assert over == "stream-app: it is over"


def test_programs_get_json_also_of_why_a_process_ends(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(load())
    logs.complain("it is over")
    (line,) = lines(capsys)
    assert (line["level"], line["message"]) == ("critical", "it is over")


def test_the_level_is_that_of_the_settings_but_never_lower_for_those_who_would_tell_secrets(
    capsys: pytest.CaptureFixture[str],
) -> None:
    logs.configure(load(log_level="debug"), {"aiokafka": logging.CRITICAL})
    for name in ("stream_app.some", *logs.TALKATIVE):
        logging.getLogger(name).debug("in detail")
    logging.getLogger("aiokafka").error("away")
    assert [line["logger"] for line in lines(capsys)] == ["stream_app.some"]
    logs.configure(load(log_level="error"))
    logging.getLogger("stream_app.some").warning("not told")
    assert lines(capsys) == []
