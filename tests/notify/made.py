"""Alerts and model events as they are published, and those who are told."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import ssl
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from pathlib import Path
from typing import Any

import orjson
from aiohttp import web
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from stream_app import schemas
from stream_app.events import name_id
from stream_app.notify.notice import Notice, notice_of
from stream_app.topics import DECAY_ALERTS, MODEL_EVENTS
from tests.support.certificates import certificate

KEY = b"a shared key"
USER, PASSWORD = "stream-app", "correct horse"


def alert(number: int = 1, **fields: object) -> bytes:
    """A decay alert, the example of its schema with an id of its own and `fields` in their places."""
    example = schemas.schema(DECAY_ALERTS)["examples"][0]
    return orjson.dumps(example | {"alert_id": name_id("test-alert", number)} | fields)


def model_event(number: int = 1, **fields: object) -> bytes:
    """A model event, likewise."""
    example = schemas.schema(MODEL_EVENTS)["examples"][0]
    return orjson.dumps(example | {"event_id": name_id("test-event", number)} | fields)


def notice(number: int = 1, **fields: object) -> Notice:
    """A decay alert as a notice."""
    return notice_of(DECAY_ALERTS, alert(number, **fields))


@dataclass
class Receiver:
    """A web server that keeps what it is told. `answers` are the statuses that it gives first; then 204."""

    answers: list[int] = field(default_factory=list)
    requests: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook?token=secret"

    @property
    def ids(self) -> list[str]:
        """Ids of all notices, in the order in which they came."""
        return [one["id"] for _, body in self.requests for one in orjson.loads(body)["notices"]]

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Listen; again on the same port after the first time."""
        app = web.Application()
        app.router.add_post("/hook", self._take)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", self.port, reuse_address=True)
        await site.start()
        self.port = runner.addresses[0][1]
        try:
            yield
        finally:
            await runner.cleanup()

    async def _take(self, request: web.Request) -> web.Response:
        status = self.answers.pop(0) if self.answers else 204
        body = await request.read()
        if status < 300:
            self.requests.append((dict(request.headers), body))
        headers = {"Location": "/elsewhere"} if 300 <= status < 400 else {}
        return web.Response(status=status, headers=headers)


def signature_holds(headers: dict[str, str], body: bytes, key: bytes = KEY) -> bool:
    """What a receiver does with the headers, by the text of the specification."""
    given = {name.lower(): value for name, value in headers.items()}
    content = f"{given['webhook-id']}.{given['webhook-timestamp']}.".encode() + body
    wanted = base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
    return hmac.compare_digest(given["webhook-signature"], f"v1,{wanted}")


@dataclass
class Mailbox:
    """What an SMTP server does with the mails that it takes. `answers` are what it says first; then it takes all."""

    answers: list[str] = field(default_factory=list)
    mails: list[Message] = field(default_factory=list)
    logins: list[str] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)
    port: int = 0

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.answers:
            return self.answers.pop(0)
        assert isinstance(envelope.content, bytes)
        self.mails.append(message_from_bytes(envelope.content))
        self.encrypted.append(session.ssl is not None)
        return "250 OK"

    def authenticate(self, server: SMTP, session: Session, envelope: Envelope, kind: str, data: Any) -> AuthResult:
        right = isinstance(data, LoginPassword) and (data.login, data.password) == (USER.encode(), PASSWORD.encode())
        self.logins.append("right" if right else "wrong")
        return AuthResult(success=right, handled=False)

    @asynccontextmanager
    async def listening(self, tls: ssl.SSLContext | None = None, *, at_once: bool = False) -> AsyncIterator[None]:
        """Listen, with a login behind `tls` (STARTTLS, or `at_once`), or without either."""

        def protocol() -> SMTP:
            return SMTP(
                self,
                hostname="localhost",
                tls_context=None if at_once else tls,
                require_starttls=tls is not None and not at_once,
                auth_required=tls is not None and not at_once,
                auth_require_tls=not at_once,
                authenticator=self.authenticate,
            )

        loop = asyncio.get_running_loop()
        server = await loop.create_server(protocol, "127.0.0.1", self.port, ssl=tls if at_once else None)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield
        finally:
            server.close()
            await server.wait_closed()


def trusted_by(folder: Path) -> tuple[Path, ssl.SSLContext]:
    """Whom the clients of a server on localhost have to trust, and that server's context."""
    made = certificate(folder)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(made.public, made.private)
    return made.authority, context


def ids(values: Iterable[bytes]) -> list[str]:
    """The ids of published messages."""
    events = [orjson.loads(value) for value in values]
    return [event.get("alert_id") or event["event_id"] for event in events]
