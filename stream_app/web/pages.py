"""The pages, drawn by the server so that they can be read without JavaScript."""

from __future__ import annotations

from urllib.parse import urlencode

from fastapi import APIRouter
from jinja2 import Environment
from markupsafe import Markup
from starlette.responses import HTMLResponse

from stream_app.web.frame import Scope, Unknown
from stream_app.web.present import title_of
from stream_app.web.recent import slug
from stream_app.web.scenes import Scenes


def router(scenes: Scenes, env: Environment) -> APIRouter:
    """All pages over `scenes`."""
    routes = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

    def page(scope: Scope, template: str, title: str, here: str, twin: str, **more: object) -> HTMLResponse:
        frame = scenes.compose(scope)

        def fill(region: str) -> Markup:
            # Rows come from templates that have escaped what needs it.
            return Markup("\n").join(Markup(html) for html in frame.regions[region].values())  # noqa: S704

        named = {"competition": scope.competition, "match": scope.match}
        query = urlencode({name: value for name, value in named.items() if value})
        return HTMLResponse(
            env.get_template(template).render(
                frame=frame,
                fill=fill,
                title=title,
                here=here,
                twin=twin,
                live_address=f"/live/{scope.page}" + (f"?{query}" if query else ""),
                **more,
            ),
            headers={"Cache-Control": "no-store"},
        )

    def missing(error: Unknown) -> HTMLResponse:
        frame = scenes.compose(Scope("system"))
        body = env.get_template("missing.html").render(
            frame=frame, title="Not found", here="", twin="/api/v1/competitions", live_address="", reason=str(error)
        )
        return HTMLResponse(body, 404)

    @routes.get("/")
    async def now() -> HTMLResponse:
        return page(Scope("now"), "now.html", "Now", "Now", "/api/v1/scoreboard", scenes=scenes)

    @routes.get("/competitions/{competition}")
    async def competition(competition: str) -> HTMLResponse:
        scope = Scope("competition", slug(competition))
        try:
            it = scenes.competition(scope)
        except Unknown as error:
            return missing(error)
        twin = f"/api/v1/competitions/{it.slug}"
        return page(scope, "competition.html", title_of(it.name), "", twin, it=it)

    @routes.get("/competitions/{competition}/matches/{match}")
    async def match(competition: str, match: str) -> HTMLResponse:
        scope = Scope("match", slug(competition), slug(match))
        try:
            it, found = scenes.match(scope)
        except Unknown as error:
            return missing(error)
        twin = f"/api/v1/competitions/{it.slug}/matches/{found.slug}"
        title = f"{found.home} \N{EN DASH} {found.away}"
        return page(scope, "match.html", title, "", twin, it=it, match=found)

    @routes.get("/alerts")
    async def alerts() -> HTMLResponse:
        return page(Scope("alerts"), "alerts.html", "Alerts", "Alerts", "/api/v1/alerts")

    @routes.get("/system")
    async def system() -> HTMLResponse:
        return page(Scope("system"), "system.html", "System", "System", "/api/v1/status")

    return routes
