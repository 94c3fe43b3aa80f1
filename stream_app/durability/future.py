"""Refusing messages that speak of what has not happened yet.

The time of a competition only goes forward, and takes all that is open with it: predictions expire, matches are
forgotten. One message with a wrong year could so end a season. What a message says is held against the moment that its
record bears, so that the same record is always judged the same; brokers refuse records that bear a moment more than an
hour ahead of their own clock (`message.timestamp.after.max.ms`). How far back a message lies does not matter: that is a
replay.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from stream_app.contracts import Input
from stream_app.errors import InvalidInput
from stream_app.events import Features, ModelCommand, Result


def refuse_the_future(event: Input, sent_at: float, allowance: timedelta) -> None:
    """Return if `event` had happened when it was sent, or at most `allowance` later.

    `sent_at` is the timestamp of its record in seconds since 1970. It is negative for a record without one, which then
    says nothing. A kickoff may lie ahead as far as it likes.

    Raises
    ------
    InvalidInput
        It had not.
    """
    if sent_at < 0:
        return
    match event:
        case Features():
            name, happened = "as_of", event.as_of
        case Result():
            name, happened = "finished_at", event.finished_at
        case ModelCommand():
            name, happened = "issued_at", event.issued_at
    if happened.timestamp() - sent_at > allowance.total_seconds():
        sent = datetime.fromtimestamp(sent_at, UTC)
        raise InvalidInput(
            f"{name} {happened.isoformat()}: lies ahead of {sent.isoformat(timespec='seconds')}, when the message was"
            f" sent, by more than the {allowance / timedelta(days=1):g} days that are allowed (STREAM_APP_AHEAD_DAYS)",
            "future",
        )
