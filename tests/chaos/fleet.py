"""The workers: processes of their own that are started again whenever they end."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

from stream_app.dev.process import Child, spawn
from stream_app.durability import fail_points
from tests.chaos.plan import Kind
from tests.support import programs, service

POLL_S = 0.02
SHORT_LIFE_S = 5.0
"""A worker that lived no longer than this and was not killed is left alone for a moment before its next start."""
BACKOFF_S = 1.0
TERM_PATIENCE_S = 15.0
"""Seconds after which a worker that was asked to end is killed."""

_NUMBERS = re.compile(r"\d+(\.\d+)?")


@dataclass
class Worker:
    """One place in the fleet, and the process that fills it at the moment.

    `wanted` says whether it is to run. `killed` is set before the process is ended on purpose, `arm` before its next
    start is to have a fail point. `ready` are the partitions that it last said it has.
    """

    name: str
    static: bool
    wanted: bool = False
    child: Child | None = None
    armed: str = ""
    arm: str = ""
    killed: bool = False
    started: float = 0.0
    rest_until: float = 0.0
    starts: int = 0

    @property
    def running(self) -> bool:
        """Whether its process is alive."""
        return self.child is not None and self.child.returncode() is None

    @property
    def partitions(self) -> list[int]:
        """The partitions that the running process last said it is ready with."""
        return service.owned_partitions(self.child) if self.child is not None and self.running else []


@dataclass
class Fleet:
    """All workers, with what has been done to them.

    Attributes
    ----------
    kills
        Deaths and stops that were inflicted, by kind; a fail point by its name.
    own_deaths
        Ends that nobody inflicted, by what the process said last. Numbers in it are left out.
    """

    folder: Path
    environment: Mapping[str, str]
    workers: list[Worker]
    kills: Counter[str] = field(default_factory=Counter)
    own_deaths: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of(cls, folder: Path, static: Sequence[bool], **settings: object) -> Fleet:
        """A fleet of `len(static)` workers, none of them running, with `settings` in their environment."""
        workers = [Worker(f"worker-{number}", member) for number, member in enumerate(static, 1)]
        return cls(folder, programs.environment(**settings), workers)

    @property
    def running(self) -> list[Worker]:
        """The workers whose process is alive."""
        return [worker for worker in self.workers if worker.running]

    async def supervise(self) -> None:
        """Start what is wanted and not there, for ever."""
        while True:
            for worker in self.workers:
                if worker.child is not None and not worker.running:
                    self._note_end(worker, worker.child)
                if worker.wanted and worker.child is None and monotonic() >= worker.rest_until:
                    self._start(worker)
            await asyncio.sleep(POLL_S)

    async def resize(self, count: int) -> None:
        """Have `count` workers: start those that are missing, ask those that are too many to end."""
        for number, worker in enumerate(self.workers):
            if number >= count and worker.running:
                worker.wanted = False
                await self.term(worker)
            worker.wanted = number < count

    def kill(self, worker: Worker, kind: Kind = Kind.KILL) -> None:
        """SIGKILL."""
        if worker.child is not None and worker.running:
            worker.killed = True
            self.kills[kind] += 1
            worker.child.process.kill()

    async def term(self, worker: Worker) -> None:
        """SIGTERM, and SIGKILL to one that does not end."""
        child = worker.child
        if child is None or not worker.running:
            return
        worker.killed = True
        self.kills[Kind.TERM] += 1
        await asyncio.to_thread(child.stop, TERM_PATIENCE_S)
        if child.returncode() == -signal.SIGKILL:
            self.own_deaths["no death: SIGTERM did not end it, and SIGKILL had to"] += 1

    async def freeze(self, worker: Worker, seconds: float) -> None:
        """SIGSTOP, and SIGCONT after `seconds`."""
        if worker.child is None or not worker.running:
            return
        pid = worker.child.pid
        self.kills[Kind.FREEZE] += 1
        os.kill(pid, signal.SIGSTOP)
        await asyncio.sleep(seconds)
        if worker.running:
            os.kill(pid, signal.SIGCONT)

    async def stop(self) -> None:
        """End all workers in good order. Nobody may supervise them any more."""
        for worker in self.workers:
            worker.wanted = False
            if worker.child is not None:
                await asyncio.to_thread(worker.child.stop, TERM_PATIENCE_S)

    def _start(self, worker: Worker) -> None:
        worker.starts += 1
        worker.armed, worker.arm = worker.arm, ""
        own = {"STREAM_APP_WORKER_ID": worker.name} if worker.static else {}
        if worker.armed:
            own[fail_points.VARIABLE] = worker.armed
        worker.killed, worker.started = False, monotonic()
        worker.child = spawn(
            worker.name,
            [sys.executable, "-m", "stream_app", "worker"],
            log=self.folder / f"{worker.name}-{worker.starts:03}.log",
            cwd=self.folder,
            env={**self.environment, **own},
        )

    def _note_end(self, worker: Worker, child: Child) -> None:
        if child.returncode() == -signal.SIGKILL and worker.armed and not worker.killed:
            self.kills[f"{Kind.FAIL_POINT} {worker.armed.partition(':')[0]}"] += 1
        elif not worker.killed:
            last = child.tail().rpartition("\n")[2]
            self.own_deaths[f"code {child.returncode()}: {_NUMBERS.sub('N', last)}"] += 1
            if monotonic() - worker.started < SHORT_LIFE_S:
                worker.rest_until = monotonic() + BACKOFF_S
        worker.child = None
