"""Signing in with a token and out again, and who asks with a token of its own."""

from __future__ import annotations

import math
from http import HTTPStatus

from fastapi import APIRouter, HTTPException, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from stream_app.web.accounts import Account, Accounts
from stream_app.web.attempts import Attempts
from stream_app.web.drawing import Drawer
from stream_app.web.forms import form_of, from_here, local_path
from stream_app.web.frame import Scope
from stream_app.web.scenes import Scenes
from stream_app.web.sessions import COOKIE, LIFE_S, Sessions

NO_ACCOUNTS = (
    "Nobody can sign in yet. Make a token with `stream-app web-token NAME --role operator`, put the entry that it "
    "prints into STREAM_APP_WEB_TOKENS, and start the live view again"
)
WRONG = "No account has this token"
TOO_OFTEN = "Too many tries with a wrong token. Try again in {seconds} seconds"


class Door:
    """Knows who a token belongs to, and makes those wait who guess."""

    def __init__(self, accounts: Accounts, attempts: Attempts) -> None:
        self.accounts = accounts
        self._attempts = attempts

    def enter(self, request: Request, token: str) -> Account:
        """The account of `token`. Raises HTTPException: 401 when there is none, 429 after too many such tries."""
        address = request.client.host if request.client else ""
        if (wait := math.ceil(self._attempts.wait_s(address))) > 0:
            raise HTTPException(429, TOO_OFTEN.format(seconds=wait), {"Retry-After": str(wait)})
        account = self.accounts.by_token(token)
        if account is None:
            self._attempts.failed(address)
            raise HTTPException(401, WRONG, {"WWW-Authenticate": "Bearer"})
        return account

    def bearer(self, request: Request) -> Account:
        """The account whose token stands in the Authorization header. Raises HTTPException like `enter`."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise HTTPException(401, "wanted a header Authorization: Bearer TOKEN", {"WWW-Authenticate": "Bearer"})
        return self.enter(request, token.strip())


def router(scenes: Scenes, drawer: Drawer, door: Door, sessions: Sessions) -> APIRouter:
    """The pages `/sign-in` and `/sign-out`."""
    routes = APIRouter(include_in_schema=False)

    def page(onward: str, trouble: str = "", status: int = 200, headers: dict[str, str] | None = None) -> HTMLResponse:
        if not door.accounts:
            trouble = NO_ACCOUNTS
        answer = drawer.still(
            scenes.compose(Scope("status")),
            "sign_in.html",
            "Sign in",
            twin="/api/v1/openapi.json",
            status=status,
            context={"onward": onward, "trouble": trouble, "open": bool(door.accounts)},
        )
        answer.headers.update(headers or {})
        return answer

    @routes.get("/sign-in")
    async def form(onward: str = "/") -> HTMLResponse:
        return page(local_path(onward))

    @routes.post("/sign-in")
    async def sign_in(request: Request) -> Response:
        fields = await form_of(request)
        onward = local_path(fields.get("onward", "/"))
        try:
            account = door.enter(request, fields.get("token", ""))
        except HTTPException as refused:
            waits = {name: value for name, value in (refused.headers or {}).items() if name == "Retry-After"}
            return page(onward, refused.detail, refused.status_code, waits)
        answer = RedirectResponse(onward, HTTPStatus.SEE_OTHER)
        answer.set_cookie(
            COOKIE,
            sessions.open(account),
            max_age=LIFE_S,
            httponly=True,
            samesite="strict",
            secure=request.url.scheme == "https",
        )
        return answer

    @routes.post("/sign-out")
    async def sign_out(request: Request) -> Response:
        if not from_here(request):
            raise HTTPException(403, "this was not sent by a page of this server")
        answer = RedirectResponse("/", HTTPStatus.SEE_OTHER)
        answer.delete_cookie(COOKIE, httponly=True, samesite="strict")
        return answer

    return routes
