"""Event streams are small on the wire, and every message of them comes at once."""

from __future__ import annotations

import zlib
from typing import Any

from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.types import Message, Receive, Scope, Send

from stream_app.web.compression import CompressedEvents

EVENTS = [
    b'event: patch\ndata: {"rows": ["%d", "the same again and again and again"]}\n\n' % number for number in range(9)
]


async def events(scope: Scope, receive: Receive, send: Send) -> None:
    async def made() -> Any:
        for event in EVENTS:
            yield event

    await StreamingResponse(made(), media_type="text/event-stream")(scope, receive, send)


async def plain(scope: Scope, receive: Receive, send: Send) -> None:
    await PlainTextResponse("hello")(scope, receive, send)


async def answer(app: Any, accepts: bytes) -> tuple[dict[bytes, bytes], list[bytes]]:
    """The headers and the pieces that `app` sends to a browser that accepts these encodings."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    scope: Scope = {
        "type": "http",
        "method": "GET",
        "path": "/",
        "headers": [(b"accept-encoding", accepts)],
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "extensions": {},
    }
    await CompressedEvents(app)(scope, receive, send)
    return dict(sent[0]["headers"]), [message.get("body", b"") for message in sent[1:]]


async def test_every_message_can_be_read_as_soon_as_it_is_sent() -> None:
    headers, pieces = await answer(events, b"gzip, br")
    assert headers[b"content-encoding"] == b"gzip"
    assert headers[b"vary"] == b"Accept-Encoding"
    reader = zlib.decompressobj(wbits=31)
    assert [reader.decompress(piece) for piece in pieces[: len(EVENTS)]] == EVENTS
    assert reader.decompress(b"".join(pieces[len(EVENTS) :])) == b""
    assert reader.eof
    assert len(b"".join(pieces)) < len(b"".join(EVENTS)) / 2


async def test_who_does_not_take_gzip_gets_it_as_it_is() -> None:
    headers, pieces = await answer(events, b"identity")
    assert b"content-encoding" not in headers
    assert b"".join(pieces) == b"".join(EVENTS)


async def test_other_answers_are_let_through() -> None:
    headers, pieces = await answer(plain, b"gzip")
    assert b"content-encoding" not in headers
    assert pieces == [b"hello"]
