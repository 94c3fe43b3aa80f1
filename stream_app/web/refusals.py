"""What is refused is told to people as a page, and to programs as JSON."""

from __future__ import annotations

from fastapi import FastAPI, Request
from fastapi.exception_handlers import http_exception_handler
from starlette.exceptions import HTTPException
from starlette.responses import Response

from stream_app.web.drawing import Drawer


def install(app: FastAPI, drawer: Drawer) -> None:
    """Let `app` answer errors like this."""

    async def refuse(request: Request, error: Exception) -> Response:
        if not isinstance(error, HTTPException):
            raise error
        if request.url.path.startswith(("/api/", "/live/")) or "text/html" not in request.headers.get("accept", ""):
            return await http_exception_handler(request, error)
        answer = drawer.missing(f"{str(error.detail)[:1].upper()}{str(error.detail)[1:]}.", error.status_code)
        answer.headers.update(error.headers or {})
        return answer

    app.add_exception_handler(HTTPException, refuse)
