"""Signed-in browsers: a signed cookie that says who it is and until when, and nothing kept on the server.

The signature covers the account's token, so taking a token out of the settings, or replacing it, ends its sessions.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass

from starlette.requests import cookie_parser
from starlette.types import ASGIApp, Receive, Scope, Send

from stream_app.web.accounts import Account, Accounts

COOKIE = "session"
LIFE_S = 12 * 60 * 60
"""Seconds for which a browser stays signed in: a match day."""


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in browser. `secret` is known to it and to the server only, and is not the cookie's own text."""

    account: Account
    secret: bytes

    def seal(self, purpose: str) -> str:
        """A text that only this session can have been given for `purpose`, so that no other site can send it along."""
        return hmac.new(self.secret, purpose.encode(), hashlib.sha256).hexdigest()

    def sealed(self, purpose: str, seal: str) -> bool:
        """Whether `seal` was given for `purpose`."""
        return hmac.compare_digest(self.seal(purpose).encode(), seal.encode())


class Sessions:
    """Opens sessions and knows them again.

    Parameters
    ----------
    key
        Signs the cookies; None for a random one, with which sessions end when the process does.
    clock
        Seconds since 1970.
    """

    def __init__(self, accounts: Accounts, key: str | None, clock: Callable[[], float]) -> None:
        self._accounts = accounts
        self._key = key.encode() if key else secrets.token_bytes(32)
        self._clock = clock

    def open(self, account: Account) -> str:
        """A cookie for a browser that has shown the token of `account`."""
        claim = f"{account.name}:{int(self._clock()) + LIFE_S}"
        return f"{claim}:{self._signature(account, claim).hex()}"

    def find(self, cookie: str) -> Session | None:
        """The session of `cookie`; None when it is forged, over, or its account is gone."""
        claim, _, signature = cookie.rpartition(":")
        name, _, until = claim.rpartition(":")
        account = self._accounts.by_name(name)
        if account is None:
            return None
        expected = self._signature(account, claim)
        if not hmac.compare_digest(expected.hex().encode(), signature.encode()):
            return None
        if int(until) <= self._clock():
            return None
        return Session(account, hmac.new(self._key, b"seals" + expected, hashlib.sha256).digest())

    def _signature(self, account: Account, claim: str) -> bytes:
        return hmac.new(self._key, f"{account.digest}:{claim}".encode(), hashlib.sha256).digest()


_current: ContextVar[Session | None] = ContextVar("session", default=None)


def current() -> Session | None:
    """The session of the request that is being answered."""
    return _current.get()


class WithSession:
    """Finds out whose browser a request comes from."""

    def __init__(self, app: ASGIApp, sessions: Sessions) -> None:
        self._app = app
        self._sessions = sessions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        session = None
        if scope["type"] == "http":
            for name, value in scope["headers"]:
                if name == b"cookie":
                    cookie = cookie_parser(value.decode("latin-1")).get(COOKIE)
                    session = self._sessions.find(cookie) if cookie else session
        token = _current.set(session)
        try:
            await self._app(scope, receive, send)
        finally:
            _current.reset(token)
