"""The web application: pages, live updates and the JSON twins over one view."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles
from starlette.middleware.gzip import GZipMiddleware

from stream_app.web import api, api_models, commands, log, pages, refusals, signing_in, stream
from stream_app.web.accounts import Account, Accounts
from stream_app.web.attempts import Attempts
from stream_app.web.compression import CompressedEvents
from stream_app.web.drawing import Drawer
from stream_app.web.hub import Hub
from stream_app.web.log_store import LogStore
from stream_app.web.scenes import Scenes, Source
from stream_app.web.security import SecurityHeaders
from stream_app.web.sending import Sends
from stream_app.web.sessions import Sessions, WithSession
from stream_app.web.signing_in import Door
from stream_app.web.templating import STATIC, environment
from stream_app.web.view import View


@dataclass(frozen=True, slots=True)
class Operating:
    """What is needed to change something.

    Attributes
    ----------
    accounts
        Who may sign in.
    session_key
        Signs the cookies of those who have; None for one that ends with the process.
    send
        Puts a command on its way.
    """

    accounts: tuple[Account, ...]
    session_key: str | None
    send: Sends


def create_app(
    view: View, source: Source, operating: Operating, *, window: int, batch_s: float, store: LogStore | None = None
) -> tuple[FastAPI, Hub]:
    """The application over `view`, and the hub that its pages hang on.

    Whoever feeds the view tells the hub what changed, and runs it. `store` is where older matches and the evaluation
    log come from; without it, pages say that there is no database.
    """
    env = environment(window)
    scenes = Scenes(view, source, env)
    hub = Hub(scenes.compose, batch_s)
    app = FastAPI(
        title="Match forecasts",
        description="What the live view shows, as JSON. Read-only without the token of an operator.",
        openapi_url="/api/v1/openapi.json",
        # The ready-made pages for it load their scripts from elsewhere.
        docs_url=None,
        redoc_url=None,
    )
    drawer = Drawer(scenes, env)
    accounts = Accounts(operating.accounts)
    sessions = Sessions(accounts, operating.session_key, time.time)
    door = Door(accounts, Attempts(time.monotonic))
    app.include_router(pages.router(scenes, drawer, store))
    app.include_router(log.router(view, scenes, drawer, store))
    app.include_router(stream.router(scenes, hub))
    app.include_router(api.router(view, source, store))
    app.include_router(api_models.router(view))
    app.include_router(signing_in.router(scenes, drawer, door, sessions))
    app.include_router(commands.router(view, scenes, drawer, door, operating.send, lambda: datetime.now(UTC)))
    refusals.install(app, drawer)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    app.add_middleware(WithSession, sessions=sessions)
    app.add_middleware(GZipMiddleware, minimum_size=1000, compresslevel=5)
    app.add_middleware(CompressedEvents)
    app.add_middleware(SecurityHeaders)
    return app, hub
