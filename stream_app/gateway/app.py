"""The gateway's HTTP API: checks what comes, sends it, and answers when the brokers have it."""

from __future__ import annotations

import asyncio
import math
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from http import HTTPStatus
from typing import Any

import orjson
from fastapi import FastAPI, Request, Response
from starlette.exceptions import HTTPException

from stream_app import metrics
from stream_app.contracts import encode, parse
from stream_app.errors import InvalidInput, Retryable
from stream_app.events import name_id
from stream_app.gateway import api_schema
from stream_app.gateway.api_schema import JSON, KEY_PATTERN, NDJSON
from stream_app.gateway.outbox import Conflict, Message, Outbox, Receipt
from stream_app.gateway.problems import Problem, answer_http
from stream_app.gateway.rate import RateLimit
from stream_app.gateway.tokens import Tokens
from stream_app.message_headers import content_id
from stream_app.topics import FEATURES, RESULTS

ERRORS_SHOWN = 100
"""Wrong lines of a batch that are told one by one."""

RETRY_AFTER_S = 1
"""When to ask again while the brokers are away."""

_KEY = re.compile(KEY_PATTERN)
_REPEAT = {"Retry-After": str(RETRY_AFTER_S)}


@dataclass(frozen=True, slots=True)
class Limits:
    """What the gateway takes.

    Attributes
    ----------
    body_bytes, message_bytes
        Largest body of a request, and largest message in it.
    per_second, burst
        Messages of one client a second in the long run, and at once; a batch cannot have more than a burst.
    answer_s
        Seconds after which a request whose messages the brokers have not confirmed is answered with 503.
    """

    body_bytes: int
    message_bytes: int
    per_second: float
    burst: int
    answer_s: float


def create_app(outbox: Outbox, tokens: Tokens, limits: Limits) -> FastAPI:
    """The API on top of an `outbox` that is connected."""
    app = FastAPI(openapi_url="/v1/openapi.json", docs_url=None, redoc_url=None)
    app.add_exception_handler(HTTPException, answer_http)
    intake = _Intake(outbox, tokens, limits)
    metrics.GATEWAY_WAITING.set_function(lambda: outbox.on_their_way)

    async def take(topic: str, request: Request) -> Response:
        try:
            answer = await intake.take(topic, request)
        except Problem as problem:
            answer = problem.answer()
        metrics.GATEWAY_REQUESTS.labels(answer.status_code).inc()
        return answer

    @app.post("/v1/features", openapi_extra=api_schema.operation(FEATURES), status_code=HTTPStatus.ACCEPTED)
    async def features(request: Request) -> Response:
        """Send match features: one message, or a batch with one a line."""
        return await take(FEATURES, request)

    @app.post("/v1/results", openapi_extra=api_schema.operation(RESULTS), status_code=HTTPStatus.ACCEPTED)
    async def results(request: Request) -> Response:
        """Send match results: one message, or a batch with one a line."""
        return await take(RESULTS, request)

    @app.get("/health", include_in_schema=False)
    async def health() -> dict[str, Any]:
        """That the gateway runs, and what waits for the brokers."""
        return {"status": "up", "waiting": outbox.on_their_way}

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = api_schema.document(app)
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]  # how FastAPI wants it to be replaced
    return app


class _Intake:
    def __init__(self, outbox: Outbox, tokens: Tokens, limits: Limits) -> None:
        self._outbox = outbox
        self._tokens = tokens
        self._limits = limits
        self._rate = RateLimit(limits.per_second, limits.burst)

    async def take(self, topic: str, request: Request) -> Response:
        """Carry out a request with messages for `topic`. Raises Problem."""
        client = self._tokens.client(request.headers.get("authorization"))
        if client is None:
            raise Problem(
                HTTPStatus.UNAUTHORIZED,
                "Authorization: wanted `Bearer TOKEN` with a token of this gateway",
                headers={"WWW-Authenticate": "Bearer"},
            )
        key = request.headers.get("idempotency-key")
        if key is not None and not _KEY.fullmatch(key):
            raise Problem(
                HTTPStatus.BAD_REQUEST, "Idempotency-Key: wanted 1 to 200 visible characters of ASCII, no blanks"
            )
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind not in (JSON, NDJSON):
            raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"Content-Type {kind[:80]!r}: wanted {JSON} or {NDJSON}")
        body = await self._body(request)
        if kind == JSON:
            messages = [self._message(topic, client, key, None, body)]
        else:
            messages = self._batch(topic, client, key, body)
        if wait := self._rate.wait(client, len(messages)):
            raise Problem(
                HTTPStatus.TOO_MANY_REQUESTS,
                f"{len(messages)} messages: wanted at most {self._limits.per_second:g} a second",
                headers={"Retry-After": str(math.ceil(wait))},
            )
        receipts = await self._send(messages)
        return Response(orjson.dumps(_answer(kind, receipts)), HTTPStatus.ACCEPTED, media_type=JSON)

    async def _body(self, request: Request) -> bytes:
        body = bytearray()
        async for part in request.stream():
            body += part
            if len(body) > self._limits.body_bytes:
                raise Problem(
                    HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"body: wanted at most {self._limits.body_bytes} bytes"
                )
        return bytes(body)

    def _batch(self, topic: str, client: str, key: str | None, body: bytes) -> list[Message]:
        lines = [(number, line) for number, line in enumerate(body.split(b"\n"), start=1) if line.strip()]
        if not lines:
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "batch without a message: wanted one a line")
        if len(lines) > self._limits.burst:
            raise Problem(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                f"batch of {len(lines)} messages: wanted at most {self._limits.burst}",
            )
        messages: list[Message] = []
        errors: list[tuple[int, str]] = []
        for number, line in lines:
            try:
                messages.append(self._message(topic, client, key, number, line))
            except Problem as problem:
                errors.append((number, problem.detail))
        if errors:
            raise Problem(
                HTTPStatus.UNPROCESSABLE_ENTITY,
                f"{len(errors)} of {len(lines)} messages are wrong; nothing was sent",
                errors=errors[:ERRORS_SHOWN],
            )
        return messages

    def _message(self, topic: str, client: str, key: str | None, line: int | None, value: bytes) -> Message:
        if len(value) > self._limits.message_bytes:
            raise Problem(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                f"message of {len(value)} bytes: wanted at most {self._limits.message_bytes}",
            )
        try:
            event = parse(topic, _competition(value), value, max_bytes=self._limits.message_bytes)
        except InvalidInput as error:
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, str(error)) from None
        # In one form, however it was written, so that a message without a key is known again by what it says.
        written = encode(event)
        name = name_id("gateway", client, topic, key, line or 0) if key else content_id(topic, written)
        return Message(name, client, topic, event.competition.encode(), written)

    async def _send(self, messages: Sequence[Message]) -> list[Receipt]:
        try:
            async with asyncio.timeout(self._limits.answer_s):
                return await self._outbox.send(messages)
        except Conflict:
            raise Problem(
                HTTPStatus.CONFLICT, "Idempotency-Key: it came with another message before; wanted a new one"
            ) from None
        except (Retryable, TimeoutError) as error:
            reason = str(error) or f"no confirmation within {self._limits.answer_s:g} s"
            raise Problem(
                HTTPStatus.SERVICE_UNAVAILABLE,
                f"{reason}; asking again with the same key and body is safe",
                headers=_REPEAT,
            ) from error


def _competition(value: bytes) -> bytes:
    """What a message says of its competition, whatever else it is; `parse` looks at the rest."""
    try:
        fields = orjson.loads(value)
    except orjson.JSONDecodeError:
        return b""
    return str(fields.get("competition", "")).encode() if isinstance(fields, dict) else b""


def _answer(kind: str, receipts: Sequence[Receipt]) -> dict[str, Any]:
    shown = [asdict(receipt) for receipt in receipts]
    if kind == JSON:
        return shown[0]
    return {"accepted": len(shown), "repeated": sum(receipt.repeated for receipt in receipts), "receipts": shown}
