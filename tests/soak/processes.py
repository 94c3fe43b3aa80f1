"""The whole service as processes of their own, and how much memory each holds."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from stream_app.dev.kafka import Kafka
from stream_app.dev.postgres import Postgres
from stream_app.dev.process import Child, free_ports, spawn
from tests.support import programs, topics
from tests.support.service import owned_partitions
from tests.support.waiting import wait_until

PARTITIONS = 4
APP_ID = "soak"
WORKERS = ("worker-1", "worker-2")
COMMANDS = dict.fromkeys(WORKERS, ("worker",)) | {
    "sink": ("sink",),
    "evidence": ("watch-evidence",),
    "web": ("web",),
}
"""Arguments of `stream-app`, by the name of the process."""
START_S = 180.0
MIB = 1024 * 1024

REMEMBERED_DAYS = 1.0
"""Days of event time for which leagues look back for corrections, and for which predictions wait for results. Short, so
that leagues are full in the first minutes: with the service's own thirty days they would grow for most of an hour."""


@dataclass(frozen=True, slots=True)
class Service:
    """A running service: its broker and database, and every process of its own, by name.

    `data` holds the CSV files, `address` is the live view's, `start` starts a process of the service by its name.
    """

    broker: Kafka
    database: Postgres
    data: Path
    address: str
    children: dict[str, Child]
    start: Callable[[str], Child]

    def restarted(self) -> list[str]:
        """Start those processes again that have ended, as a supervisor does; each end as a sentence."""
        told: list[str] = []
        for name, child in self.children.items():
            if child.returncode() is not None:
                told.append(f"{name} ended with code {child.returncode()}: {child.tail().rpartition(chr(10))[2]}")
                self.children[name] = self.start(name)
        return told

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
        data = folder / "data"
        env = programs.environment(
            kafka=broker.bootstrap,
            database_url=database.url,
            data_dir=data,
            app_id=APP_ID,
            partitions=PARTITIONS,
            remember_days=REMEMBERED_DAYS,
            expire_after_days=REMEMBERED_DAYS,
        )
        (web_port,) = free_ports(None)

        def start(name: str) -> Child:
            return spawn(
                name,
                [sys.executable, "-m", "stream_app", *COMMANDS[name]],
                log=folder / f"{name}.log",
                cwd=folder,
                env=env
                | {"STREAM_APP_WORKER_ID": name if name in WORKERS else "", "STREAM_APP_WEB_PORT": str(web_port)},
            )

        for name in COMMANDS:
            children[name] = start(name)
        wait_until(lambda: _ready(children), "the workers share all partitions", START_S)
        yield Service(broker, database, data, f"http://127.0.0.1:{web_port}", children, start)
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
