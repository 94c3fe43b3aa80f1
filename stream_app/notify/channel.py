"""What every way of telling somebody is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from stream_app.errors import StreamAppError
from stream_app.events import name_id
from stream_app.notify.notice import Notice


class Refused(StreamAppError):
    """The receiver is there and does not want this; it will not want it in an hour either."""


class Channel(Protocol):
    """One receiver.

    `name` tells it from the others in the names of consumer groups and in the log, and holds no secret.
    """

    @property
    def name(self) -> str:
        """Letters, digits and hyphens."""
        ...

    async def deliver(self, notices: Sequence[Notice], now: datetime) -> None:
        """Tell `notices` in one message, and return when the receiver has confirmed it.

        Raises
        ------
        Retryable
            The receiver is away or busy.
        Refused
            The receiver does not want it.
        """
        ...

    async def close(self) -> None:
        """Hang up."""
        ...


def message_id(notices: Sequence[Notice]) -> str:
    """The id of the message that tells `notices`: that of a single one, or one made of all of them."""
    if len(notices) == 1:
        return notices[0].notice_id
    return name_id("digest", *(notice.notice_id for notice in notices))


def headline(notices: Sequence[Notice]) -> str:
    """What the message is about, in one line."""
    if len(notices) == 1:
        return notices[0].title
    critical = sum(notice.severity == "critical" for notice in notices)
    return f"{len(notices)} notices" + (f", {critical} of them critical" if critical else "")
