"""What a browser sends from a form, and whether this server's own page sent it."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import Request

FORM_TYPE = "application/x-www-form-urlencoded"
BODY_MAX = 16 * 1024
"""Bytes of the longest body that is read: a reason has 500 characters."""


async def body_of(request: Request) -> bytes:
    """The body of `request`. Raises HTTPException (413) when it is too long, before all of it is read."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_MAX:
            raise HTTPException(413, f"the body has more than {BODY_MAX} bytes")
    return bytes(body)


async def form_of(request: Request) -> dict[str, str]:
    """The fields of a form; the last one of a name counts.

    Raises
    ------
    HTTPException
        It is no form (415), too long (413), not text (400), or another site's page sent it (403).
    """
    if not from_here(request):
        raise HTTPException(403, "this was not sent by a page of this server")
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM_TYPE:
        raise HTTPException(415, f"wanted a body of type {FORM_TYPE}")
    body = await body_of(request)
    try:
        return {name: value.strip() for name, value in parse_qsl(body.decode(), errors="strict", max_num_fields=50)}
    except ValueError:
        raise HTTPException(400, "the body is no form") from None


def from_here(request: Request) -> bool:
    """Whether the page that sent `request` is of this server: browsers name its origin with everything they post."""
    origin = request.headers.get("origin")
    return origin is not None and urlsplit(origin).netloc == request.headers.get("host")


def local_path(text: str) -> str:
    """`text` when it is a path of this server, else its first page."""
    plain = text.startswith("/") and not text.startswith("//") and "\\" not in text and text.isprintable()
    return text if plain else "/"
