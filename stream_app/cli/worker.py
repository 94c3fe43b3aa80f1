"""`stream-app worker`: one Faust worker."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from stream_app.brokers import Where
from stream_app.cli.starting import AsJsonLines, started

if TYPE_CHECKING:
    from stream_app.settings import Settings

FAUSTS_OWN = tuple(f"stream_app.agents.faust_{part}" for part in ("client", "consumer", "edge", "tables", "worker"))
"""Loggers under which Faust reports on those of its services that we have made our own."""


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("worker")(worker)


def worker(as_json: AsJsonLines = False) -> None:
    """Run one worker: it orders what feeds send, predicts, learns and keeps the tables.

    Start as many as there are processors, up to the number of partitions; they share the work and take over from each
    other. A worker that ends can simply be started again: nothing is lost and nothing is counted twice.

    Needs Kafka (STREAM_APP_KAFKA, or the local stack of `stream-app dev up`) and its topics (made by `stream-app topics
    create`).
    """
    import asyncio
    import logging
    import os

    # One thread of linear algebra: more only fight over the processor, and sums must not depend on their number.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

    from stream_app.agents.faust_worker import EdgeWorker
    from stream_app.app import create_app
    from stream_app.connections import bootstrap_servers
    from stream_app.logs import configure
    from stream_app.monitoring import Readiness, monitored
    from stream_app.settings import settings

    # What starts and stops inside Faust is of no use to anybody.
    logged = started(settings(), as_json, {"started": "worker", "group": settings().group})
    configure(logged, dict.fromkeys(FAUSTS_OWN, logging.WARNING))
    bootstrap = bootstrap_servers(settings())
    asyncio.run(_check_topics(settings(), bootstrap))
    readiness = Readiness()
    faust_app = create_app(settings(), bootstrap, readiness)
    with monitored(settings(), readiness):
        EdgeWorker(faust_app).execute_from_commandline()


async def _check_topics(settings: Settings, bootstrap: Where) -> None:
    """Refuse to run on topics that would lose or mix up something; say what else is not as it should be."""
    import logging

    from stream_app import topic_admin
    from stream_app.errors import InvalidInput

    found = await topic_admin.differences(bootstrap, partitions=settings.partitions, replication=settings.replication)
    if grave := [difference for difference in found if difference.is_grave]:
        raise InvalidInput(
            "; ".join(map(str, grave)) + ". See `stream-app topics check`; what can be done is in docs/kafka.md"
        )
    for difference in found:
        logging.getLogger(__name__).warning("%s", difference)
