"""Compresses event streams: each message goes out at once, and repeats much of those before it."""

from __future__ import annotations

import zlib

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

EVENTS = "text/event-stream"
LEVEL = 5
_GZIP = 16 + zlib.MAX_WBITS


class CompressedEvents:
    """Sends event streams as gzip to whoever takes it. Everything else is let through as it is."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        takes_gzip = scope["type"] == "http" and "gzip" in Headers(scope=scope).get("accept-encoding", "")
        await self._app(scope, receive, _Sender(send) if takes_gzip else send)


class _Sender:
    """Sends the messages of one answer."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._compressor: zlib._Compress | None = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            if headers.get("content-type", "").startswith(EVENTS):
                self._compressor = zlib.compressobj(LEVEL, wbits=_GZIP)
                headers["Content-Encoding"] = "gzip"
                headers.add_vary_header("Accept-Encoding")
        elif message["type"] == "http.response.body" and self._compressor is not None:
            body = self._compressor.compress(message.get("body", b""))
            more = message.get("more_body", False)
            body += self._compressor.flush(zlib.Z_SYNC_FLUSH if more else zlib.Z_FINISH)
            message = {**message, "body": body}
        await self._send(message)
