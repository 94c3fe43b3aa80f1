"""Logs: one line an event on standard error, as JSON for programs or as text for people, the same in every process.

Libraries that talk to brokers, databases and receivers never log below a warning, however low the level is set: what
they tell in detail holds passwords, tokens and addresses with secrets in them.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from types import TracebackType
from typing import TYPE_CHECKING

import orjson

if TYPE_CHECKING:
    from stream_app.settings import Settings

TEXT = "%(asctime)s %(levelname)s %(name)s: %(message)s"

FIELDS = ("competition", "match_id", "event_id", "topic", "partition", "offset")
"""What a line says of the event that it is about, where it is about one: given to a logger as its `extra`."""

TALKATIVE = ("aiokafka", "asyncpg", "faust", "httpcore", "httpx", "mode", "uvicorn")
"""Libraries of which only warnings are told."""


class JsonLines(logging.Formatter):
    """A record as one line of JSON: time (UTC), level, logger, message, then its `FIELDS` and its exception."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end."""
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _printable(record.getMessage()),
        }
        line |= {name: value for name in FIELDS if (value := getattr(record, name, None)) is not None}
        if record.exc_info:
            line["exception"] = _printable(self.formatException(record.exc_info))
        return orjson.dumps(line, default=str).decode()


def configure(settings: Settings, levels: Mapping[str, int] | None = None) -> None:
    """Log as `settings` say from now on; `levels` are those of single loggers, which stay as they are given."""
    handler = logging.StreamHandler(sys.stderr)
    as_json = settings.log_format == "json" or (settings.log_format == "auto" and not sys.stderr.isatty())
    handler.setFormatter(JsonLines() if as_json else logging.Formatter(TEXT))
    logging.basicConfig(level=settings.log_level.upper(), handlers=[handler], force=True)
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
    for name, level in (levels or {}).items():
        logging.getLogger(name).setLevel(level)
    logging.captureWarnings(True)
    if as_json:
        sys.excepthook = _tell


def complain(text: str) -> None:
    """Tell on standard error why the program ends: as a line of its log where that is JSON, else as plain text."""
    if any(isinstance(handler.formatter, JsonLines) for handler in logging.root.handlers):
        logging.getLogger("stream_app").critical("%s", text)
    else:
        print(f"stream-app: {text}", file=sys.stderr)


def warn(text: str, settings: Settings) -> None:
    """Tell on standard error what is doubtful about `settings`, before anything is set up that could log it."""
    if settings.log_format == "json":
        line = {"name": "stream_app", "levelno": logging.WARNING, "levelname": "WARNING", "msg": text}
        print(JsonLines().format(logging.makeLogRecord(line)), file=sys.stderr)
    else:
        print(f"stream-app: warning: {text}", file=sys.stderr)


def _tell(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    logging.getLogger("stream_app").critical("%s: %s", kind.__name__, error, exc_info=(kind, error, trace))


def _printable(text: str) -> str:
    # Half of a pair of surrogates cannot be written as UTF-8.
    return text.encode("utf-8", "backslashreplace").decode()
