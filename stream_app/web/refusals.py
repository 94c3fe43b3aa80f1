"""What is refused is told to people as a page, and to programs as JSON."""

from __future__ import annotations

from fastapi import FastAPI, Request
from fastapi.exception_handlers import http_exception_handler, request_validation_exception_handler
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from stream_app.web.drawing import Drawer


def install(app: FastAPI, drawer: Drawer) -> None:
    """Let `app` answer errors like this."""

    async def refuse(request: Request, error: Exception) -> Response:
        if not isinstance(error, HTTPException):
            raise error
        if not _is_of_a_person(request):
            return await http_exception_handler(request, error)
        answer = drawer.missing(f"{str(error.detail)[:1].upper()}{str(error.detail)[1:]}.", error.status_code)
        answer.headers.update(error.headers or {})
        return answer

    async def misunderstand(request: Request, error: Exception) -> Response:
        if not isinstance(error, RequestValidationError):
            raise error
        if not _is_of_a_person(request):
            return await request_validation_exception_handler(request, error)
        wrong = "; ".join(
            f"{it['loc'][-1]} {it['input']!r}: {str(it['msg'])[:1].lower()}{str(it['msg'])[1:]}"
            for it in error.errors()
        )
        return drawer.missing(f"This cannot be asked for here: {wrong}.", 400)

    app.add_exception_handler(HTTPException, refuse)
    app.add_exception_handler(RequestValidationError, misunderstand)


def _is_of_a_person(request: Request) -> bool:
    """Whether a browser asks for a page."""
    of_programs = request.url.path.startswith(("/api/", "/live/"))
    return not of_programs and "text/html" in request.headers.get("accept", "")
