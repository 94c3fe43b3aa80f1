"""The gateway process: the API, its connection to the brokers, and an orderly end."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Callable, Iterator

import uvicorn

from stream_app.brokers import Where
from stream_app.gateway.app import Limits, create_app
from stream_app.gateway.outbox import Outbox
from stream_app.gateway.tokens import Tokens
from stream_app.listening import listen

STOP_S = 10
"""Seconds that requests which are under way get when the server stops."""


class _Server(uvicorn.Server):
    """uvicorn without signal handlers of its own: they end the process before the brokers have everything."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve(
    bootstrap: Where, host: str, port: int, *, tokens: Tokens, limits: Limits, started: Callable[[str], None]
) -> None:
    """Serve until SIGTERM or SIGINT; then requests under way are answered and what is on its way is sent.

    Parameters
    ----------
    port
        0 takes a free one.
    started
        Told the address once requests are taken.

    Raises
    ------
    InvalidInput
        The address cannot be listened on, or the topics are not there.
    Retryable
        The brokers do not answer.
    """
    async with Outbox(bootstrap) as outbox:
        listener = listen(host, port)
        server = _Server(
            uvicorn.Config(
                create_app(outbox, tokens, limits),
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=STOP_S,
                lifespan="off",
            )
        )

        def stop() -> None:
            server.should_exit = True

        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop)
        shown = f"[{host}]" if ":" in host else host
        started(f"http://{shown}:{listener.getsockname()[1]}")
        await server.serve(sockets=[listener])
