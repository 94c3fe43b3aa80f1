"""Server-sent events: what changes on a page, pushed to the browsers that show it."""

from __future__ import annotations

from collections.abc import AsyncIterator

from fastapi import APIRouter, HTTPException
from sse_starlette import EventSourceResponse, ServerSentEvent

from stream_app.web.frame import Page, Scope, Unknown
from stream_app.web.hub import Hub
from stream_app.web.recent import slug
from stream_app.web.scenes import Scenes

SEND_TIMEOUT_S = 30.0
"""Seconds after which a browser that takes nothing more is let go; it comes back by itself."""


def router(scenes: Scenes, hub: Hub) -> APIRouter:
    """The address on which pages listen."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/live/{page}")
    async def live(
        page: Page, competition: str | None = None, match: str | None = None, command: str | None = None
    ) -> EventSourceResponse:
        scope = Scope(page, competition and slug(competition), match and slug(match), command)
        try:
            scenes.compose(scope)
        except Unknown as error:
            raise HTTPException(404, str(error)) from error
        # The hub has a sign of life of its own, which the page's script can see; a comment it could not.
        return EventSourceResponse(_events(hub, scope), ping=0, send_timeout=SEND_TIMEOUT_S)

    return routes


async def _events(hub: Hub, scope: Scope) -> AsyncIterator[ServerSentEvent]:
    async for message in hub.watch(scope):
        yield ServerSentEvent(message.decode(), event="patch")
