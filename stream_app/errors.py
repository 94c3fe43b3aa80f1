"""The three kinds of trouble, so that an edge can tell what to do with each."""

from __future__ import annotations


class StreamAppError(Exception):
    """Root of the errors that the service raises on purpose."""


class InvalidInput(StreamAppError):
    """A message, file, flag or setting is wrong. The text names the culprit, the value and what would be right.

    `kind` is a word for the sort of mistake, by which refused messages are counted.
    """

    def __init__(self, text: str, kind: str = "content") -> None:
        super().__init__(text)
        self.kind = kind


class Retryable(StreamAppError):
    """Something outside is away for the moment; the same call may work later."""


class Fatal(StreamAppError):
    """An invariant does not hold. The process ends and starts again from what is on record."""
