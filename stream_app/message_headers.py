"""Headers of what is sent into the input topics. Whoever reads a topic may use them; the workers do not need them."""

from __future__ import annotations

from stream_app.events import name_id

MESSAGE_ID = "message-id"
"""A UUID: messages that say the same have the same one, so it tells duplicates without a look inside."""

CLIENT = "client"
"""Who sent it, where that is known."""


def content_id(topic: str, value: bytes) -> str:
    """The id of the message `value` of `topic`, made of what it says; `value` as `contracts.encode` writes it."""
    return name_id("message", topic, value.decode())
