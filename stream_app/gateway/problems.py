"""What went wrong, as RFC 9457 has it: one JSON object for people and programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import orjson
from fastapi import Request, Response
from starlette.exceptions import HTTPException

MEDIA_TYPE = "application/problem+json"

PROBLEM_SCHEMA: dict[str, Any] = {
    "type": "object",
    "description": "RFC 9457: what went wrong, and with what.",
    "properties": {
        "type": {"type": "string", "description": "what kind of problem it is, about:blank: what the status says"},
        "title": {"type": "string", "description": "the status in words"},
        "status": {"type": "integer", "description": "the HTTP status"},
        "detail": {"type": "string", "description": "the culprit, its value, and what would be right"},
        "errors": {
            "type": "array",
            "description": "the lines of a batch that are wrong, the first ones of them",
            "items": {
                "type": "object",
                "properties": {
                    "line": {"type": "integer", "minimum": 1},
                    "detail": {"type": "string"},
                },
                "required": ["line", "detail"],
                "additionalProperties": False,
            },
        },
    },
    "required": ["type", "title", "status", "detail"],
    "additionalProperties": False,
}


class Problem(Exception):
    """A request that is not carried out.

    Attributes
    ----------
    status, detail
        What is answered; `detail` names the culprit, the value and what would be right.
    headers
        That go with the answer.
    errors
        Line and detail of each wrong line of a batch.
    """

    def __init__(
        self,
        status: HTTPStatus,
        detail: str,
        *,
        headers: Mapping[str, str] | None = None,
        errors: Sequence[tuple[int, str]] = (),
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = dict(headers or {})
        self.errors = errors

    def answer(self) -> Response:
        """The problem as an HTTP answer."""
        body: dict[str, Any] = {
            "type": "about:blank",
            "title": self.status.phrase,
            "status": self.status.value,
            "detail": self.detail,
        }
        if self.errors:
            body["errors"] = [{"line": line, "detail": detail} for line, detail in self.errors]
        return Response(orjson.dumps(body), self.status.value, self.headers, MEDIA_TYPE)


async def answer_http(request: Request, error: Exception) -> Response:
    """Answer what the router refuses (no such path, no such method) in the same form."""
    if not isinstance(error, HTTPException):
        raise error
    status = HTTPStatus(error.status_code)
    return Problem(status, f"{request.method} {request.url.path}: {status.description}", headers=error.headers).answer()
