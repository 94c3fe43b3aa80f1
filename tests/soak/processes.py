"""The whole service as processes of their own, and how much memory each holds."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from stream_app.dev.kafka import Kafka
from stream_app.dev.postgres import Postgres
from stream_app.dev.process import Child, spawn
from tests.support import programs, topics
from tests.support.service import owned_partitions
from tests.support.waiting import wait_until

PARTITIONS = 4
APP_ID = "soak"
WORKERS = ("worker-1", "worker-2")
START_S = 180.0
MIB = 1024 * 1024

REMEMBERED_DAYS = 1.0
"""Days of event time that leagues look back for corrections. Short, so that they are full in the first minutes."""


@dataclass(frozen=True, slots=True)
class Service:
    """A running service: its broker and database, and every process of its own, by name."""

    broker: Kafka
    database: Postgres
    data: Path
    children: dict[str, Child]

    def ended(self) -> list[str]:
        """Processes that are no more, each as a sentence."""
        return [
            f"{name} ended with code {child.returncode()}; the end of its log: {child.tail()[-500:]}"
            for name, child in self.children.items()
            if child.returncode() is not None
        ]

    def mib(self) -> dict[str, float]:
        """Resident memory of each process, in MiB; of the database's processes together without what they share."""
        sizes = {name: psutil.Process(child.pid).memory_info().rss / MIB for name, child in self.children.items()}
        if self.broker.child is not None:
            sizes["broker"] = psutil.Process(self.broker.child.pid).memory_info().rss / MIB
        if self.database.child is not None:
            server = psutil.Process(self.database.child.pid)
            sizes["database"] = sum(map(_own_bytes, [server, *server.children(recursive=True)])) / MIB
        return sizes


def _own_bytes(process: psutil.Process) -> int:
    try:
        return int(process.memory_full_info().uss)
    except psutil.NoSuchProcess:
        return 0


@contextmanager
def running(folder: Path) -> Iterator[Service]:
    """A service that is ready, with everything that it leaves behind in `folder`; stopped at the end."""
    broker, database = Kafka(folder / "kafka"), Postgres(folder / "postgres")
    children: dict[str, Child] = {}
    try:
        broker.start()
        database.start()
        asyncio.run(topics.create_all(broker.bootstrap, PARTITIONS))
        service = Service(broker, database, folder / "data", children)
        env = programs.environment(
            kafka=broker.bootstrap,
            database_url=database.url,
            data_dir=service.data,
            app_id=APP_ID,
            partitions=PARTITIONS,
            remember_days=REMEMBERED_DAYS,
            web_port=0,
        )
        for name, *arguments in (
            *((name, "worker") for name in WORKERS),
            ("sink", "sink"),
            ("evidence", "watch-evidence"),
            ("web", "web", "--json"),
        ):
            # One child may end the run by its log, so each has a file of its own.
            children[name] = spawn(
                name,
                [sys.executable, "-m", "stream_app", *arguments],
                log=folder / f"{name}.log",
                cwd=folder,
                env=env | {"STREAM_APP_WORKER_ID": name if name in WORKERS else ""},
            )
        wait_until(lambda: _ready(children), "the workers share all partitions", START_S)
        yield service
    finally:
        for child in children.values():
            child.stop()
        database.destroy()
        broker.stop()


def _ready(children: dict[str, Child]) -> bool:
    for child in children.values():
        child.require_running()
    shares = [owned_partitions(children[name]) for name in WORKERS]
    # A worker alone has them all for a moment, and what it does then is done again when it has to give some away.
    return all(shares) and sorted(number for share in shares for number in share) == list(range(PARTITIONS))
