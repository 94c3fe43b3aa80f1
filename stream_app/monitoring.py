"""What an operator's tools ask a process: whether it lives, whether it is ready, and its metrics.

GET /metrics   its metrics, in the format of Prometheus
GET /livez     200 while the process can answer at all
GET /readyz    200 when it does its work; 503 and the reason as plain text when it does not, yet or at the moment
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from socketserver import ThreadingMixIn
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from stream_app.errors import InvalidInput
from stream_app.settings import Settings

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

log = logging.getLogger(__name__)

TIMEOUT_S = 5.0
"""Seconds after which a client that says nothing is hung up on."""


class Readiness:
    """Whether a process does its work: what of it does not, yet or at the moment, each with the reason."""

    def __init__(self, **missing: str) -> None:
        self._missing = dict(missing)

    def wants(self, part: str, reason: str) -> None:
        """`part` does not work, because of `reason`."""
        self._missing[part] = reason

    def has(self, part: str) -> None:
        """`part` works."""
        self._missing.pop(part, None)

    def why_not(self) -> str | None:
        """Why the process is not ready, or None when it is."""
        return "; ".join(f"{part}: {reason}" for part, reason in self._missing.copy().items()) or None


@contextmanager
def monitored(settings: Settings, readiness: Readiness) -> Iterator[None]:
    """Serve metrics and health at the address of the settings while the context lasts; nothing when it has no port.

    A thread of its own answers, so that a process that is busy is still seen to live.

    Raises
    ------
    InvalidInput
        The address cannot be listened on.
    """
    if settings.metrics_port is None:
        yield
        return
    host, port = settings.metrics_host, settings.metrics_port
    try:
        server = make_server(host, port, _application(readiness), _Server, _Handler)
    except OSError as error:
        raise InvalidInput(
            f"STREAM_APP_METRICS_HOST={host}, STREAM_APP_METRICS_PORT={port}: cannot listen there: {error.strerror}"
        ) from error
    log.info("metrics and health at http://%s:%d", host, server.server_port)
    thread = threading.Thread(target=server.serve_forever, name="monitoring", daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()


def _application(readiness: Readiness) -> Callable[[WSGIEnvironment, StartResponse], Iterable[bytes]]:
    from prometheus_client import make_wsgi_app

    metrics = make_wsgi_app()

    def answer(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if path == "/metrics":
            answered: Iterable[bytes] = metrics(environ, start)
            return answered
        if path == "/livez":
            status, text = HTTPStatus.OK, "alive"
        elif path == "/readyz":
            reason = readiness.why_not()
            status, text = (HTTPStatus.OK, "ready") if reason is None else (HTTPStatus.SERVICE_UNAVAILABLE, reason)
        else:
            status, text = HTTPStatus.NOT_FOUND, "there are /metrics, /livez and /readyz"
        start(f"{status.value} {status.phrase}", [("Content-Type", "text/plain; charset=utf-8")])
        return [f"{text}\n".encode()]

    return answer


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Handler(WSGIRequestHandler):
    timeout = TIMEOUT_S

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: a probe every few seconds is no news."""
