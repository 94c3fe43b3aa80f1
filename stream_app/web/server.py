"""The web process: the reader, the hub and the server side by side, and an orderly end."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import uvicorn

from stream_app.brokers import Where
from stream_app.events import LeagueConfig
from stream_app.listening import listen
from stream_app.monitoring import Readiness
from stream_app.web.accounts import Account
from stream_app.web.app import Operating, create_app
from stream_app.web.groups import Group, Groups
from stream_app.web.health import Health
from stream_app.web.log_store import LogStore
from stream_app.web.measures import show
from stream_app.web.reader import Reader
from stream_app.web.sending import Sender
from stream_app.web.view import View

STOP_S = 5
"""Seconds that answers which are under way get when the server stops."""


class _Server(uvicorn.Server):
    """uvicorn without signal handlers of its own: event streams have to end before it waits for its connections."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@dataclass(frozen=True, slots=True)
class _Source:
    """What is known beside the view, from whoever knows it."""

    reader: Reader
    watcher: Groups

    @property
    def health(self) -> Health:
        return self.reader.health

    @property
    def groups(self) -> tuple[Group, ...]:
        return self.watcher.seen


async def serve(
    bootstrap: Where,
    host: str,
    port: int,
    *,
    app_id: str,
    database_url: str | None,
    accounts: tuple[Account, ...],
    session_key: str | None,
    window: int,
    pooled: Callable[[str], LeagueConfig] | None,
    alpha: float,
    batch_s: float,
    started: Callable[[str], None],
    readiness: Readiness,
) -> None:
    """Serve the live view until SIGTERM or SIGINT.

    Parameters
    ----------
    port
        0 takes a free one.
    app_id
        Name of the workers' consumer group, to tell how far they are.
    database_url
        Where the evaluation log is, None for nowhere.
    accounts, session_key
        Who may sign in, and what signs the cookies of those who have.
    window, pooled, alpha
        See `View`.
    started
        Told the address once the server listens.
    readiness
        Told when everything has been read that was there at first. From then on the pages say themselves how fresh they
        are, and a view that is stale is worth more than none.

    Raises
    ------
    InvalidInput
        The address cannot be listened on.
    """
    listener = listen(host, port)
    view = View(window, pooled, alpha)

    def changed(competition: str) -> None:
        hub.changed(competition)
        if reader.health.phase == "live":
            readiness.has("view")

    readiness.wants("view", "not read to its end yet")
    reader = Reader(bootstrap, view, changed)
    show(view, reader)
    groups = Groups(bootstrap, app_id, lambda competition: hub.changed(competition))
    store = LogStore(database_url) if database_url else None
    operating = Operating(accounts, session_key, Sender(bootstrap))
    app, hub = create_app(view, _Source(reader, groups), operating, window=window, batch_s=batch_s, store=store)
    server = _Server(
        uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=STOP_S,
            lifespan="off",
        )
    )

    def stop() -> None:
        hub.close()
        server.should_exit = True

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    shown = f"[{host}]" if ":" in host else host
    started(f"http://{shown}:{listener.getsockname()[1]}/")
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    feeding = [asyncio.create_task(work) for work in (reader.run(), groups.run(), hub.run())]
    try:
        done, _ = await asyncio.wait([serving, *feeding], return_when=asyncio.FIRST_COMPLETED)
        stop()
        await serving
        for task in done:
            task.result()
    finally:
        for task in feeding:
            task.cancel()
        await asyncio.gather(*feeding, return_exceptions=True)
        if store is not None:
            store.close()
