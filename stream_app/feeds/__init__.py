"""Where matches come from, and the way into the input topics: `stream_app.feeds.Publisher`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stream_app.feeds.publisher import Publisher

__all__ = ["Publisher"]


def __getattr__(name: str) -> object:
    # The Kafka client is slow to import, and most of what reads files does not need it.
    if name == "Publisher":
        from stream_app.feeds.publisher import Publisher

        return Publisher
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
