"""Draws pages: a frame in its template, inside what all pages have around them."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

from jinja2 import Environment
from markupsafe import Markup
from starlette.responses import HTMLResponse

from stream_app.web.frame import Frame, Scope
from stream_app.web.scenes import Scenes
from stream_app.web.sessions import current

TITLES = {400: "Not understood", 403: "Not allowed", 404: "Not found", 405: "Not found", 413: "Too long"}
"""What a page is called that is not there, by its HTTP status."""


class Drawer:
    """Draws pages over the scenes."""

    def __init__(self, scenes: Scenes, env: Environment) -> None:
        self._scenes = scenes
        self._env = env

    def live(
        self,
        scope: Scope,
        template: str,
        title: str,
        *,
        twin: str,
        here: str = "",
        context: Mapping[str, object] | None = None,
    ) -> HTMLResponse:
        """The page of `scope`, which goes on to be pushed what changes.

        Parameters
        ----------
        here
            Name of the page in the navigation, where it is there.
        twin
            Address of the same as JSON.
        context
            What the template needs beside the frame.
        """
        named = {"competition": scope.competition, "match": scope.match, "command": scope.command}
        query = urlencode({name: value for name, value in named.items() if value})
        address = f"/live/{scope.page}" + (f"?{query}" if query else "")
        frame = self._scenes.compose(scope)
        return self.still(frame, template, title, twin=twin, here=here, live_address=address, context=context)

    def still(
        self,
        frame: Frame,
        template: str,
        title: str,
        *,
        twin: str,
        here: str = "",
        live_address: str = "",
        status: int = 200,
        context: Mapping[str, object] | None = None,
    ) -> HTMLResponse:
        """A page that shows `frame`, and stays like that unless it has a `live_address` to listen at."""

        def fill(region: str) -> Markup:
            # Rows come from templates that have escaped what needs it.
            return Markup("\n").join(Markup(html) for html in frame.regions[region].values())  # noqa: S704

        body = self._env.get_template(template).render(
            frame=frame,
            fill=fill,
            title=title,
            here=here,
            twin=twin,
            live_address=live_address,
            account=session.account if (session := current()) else None,
            **(context or {}),
        )
        return HTMLResponse(body, status, headers={"Cache-Control": "no-store"})

    def missing(self, reason: str, status: int = 404) -> HTMLResponse:
        """The page for what is not there, or not now."""
        return self.still(
            self._scenes.compose(Scope("status")),
            "missing.html",
            TITLES.get(status, "Not now"),
            twin="/api/v1/competitions",
            status=status,
            context={"reason": reason},
        )
