"""The pages, drawn by the server so that they can be read without JavaScript."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import HTMLResponse

from stream_app.errors import Retryable
from stream_app.web.competition import MatchView
from stream_app.web.drawing import Drawer
from stream_app.web.frame import Scope, Unknown
from stream_app.web.history import match_on_record
from stream_app.web.log_store import LogStore
from stream_app.web.present import segment, title_of
from stream_app.web.recent import slug
from stream_app.web.scenes import Scenes


def router(scenes: Scenes, drawer: Drawer, store: LogStore | None) -> APIRouter:
    """All pages over `scenes`; matches that the view no longer holds come from `store`."""
    routes = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

    @routes.get("/")
    async def now() -> HTMLResponse:
        context = {"scenes": scenes}
        return drawer.live(Scope("now"), "now.html", "Now", here="Now", twin="/api/v1/scoreboard", context=context)

    @routes.get("/competitions/{competition}")
    async def competition(competition: str) -> HTMLResponse:
        scope = Scope("competition", slug(competition))
        try:
            it = scenes.competition(scope)
        except Unknown as error:
            return drawer.missing(str(error))
        twin = f"/api/v1/competitions/{it.slug}"
        return drawer.live(scope, "competition.html", title_of(it.name), twin=twin, context={"it": it})

    @routes.get("/competitions/{competition}/matches/{match:path}")
    async def match(competition: str, match: str) -> HTMLResponse:
        scope = Scope("match", slug(competition), slug(match))
        twin = f"/api/v1/competitions/{scope.competition}/matches/{segment(match)}"
        try:
            it = scenes.competition(scope)
            held = it.match(slug(match))
            shown = held or await match_on_record(store, it.name, match)
        except Unknown as error:
            return drawer.missing(str(error))
        except Retryable as error:
            return drawer.missing(f"This match is no longer held here, and {error}.", 503)
        context = {"it": it, "match": shown}
        if held is None:
            frame = scenes.match_frame(it, shown)
            return drawer.still(frame, "match.html", _title(shown), twin=twin, context=context)
        return drawer.live(scope, "match.html", _title(shown), twin=twin, context=context)

    @routes.get("/models")
    async def lineups() -> HTMLResponse:
        return drawer.live(Scope("lineups"), "lineups.html", "Models", here="Models", twin="/api/v1/models")

    @routes.get("/competitions/{competition}/models")
    async def models(competition: str, command: str | None = None) -> HTMLResponse:
        scope = Scope("models", slug(competition), command=command)
        try:
            it = scenes.competition(scope)
        except Unknown as error:
            return drawer.missing(str(error))
        title = f"Models of {title_of(it.name)}"
        twin = f"/api/v1/competitions/{it.slug}/models"
        return drawer.live(scope, "models.html", title, here="Models", twin=twin, context={"it": it})

    @routes.get("/alerts")
    async def alerts() -> HTMLResponse:
        return drawer.live(Scope("alerts"), "alerts.html", "Alerts", here="Alerts", twin="/api/v1/alerts")

    @routes.get("/system")
    async def system() -> HTMLResponse:
        return drawer.live(Scope("system"), "system.html", "System", here="System", twin="/api/v1/status")

    return routes


def _title(match: MatchView) -> str:
    return f"{match.home} \N{EN DASH} {match.away}"
