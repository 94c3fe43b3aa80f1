"""How each kind of blow is struck, and what is measured of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic, time

from stream_app.dev.kafka import Kafka
from stream_app.durability import fail_points
from tests.chaos.fleet import Worker
from tests.chaos.plan import Blow, Kind
from tests.chaos.result import Run, Say, Stuck
from tests.chaos.watch import Outputs

READY_S = 60.0
"""Longest time until a killed worker's partitions say something new."""
FAIL_POINT_S = 30.0
"""Longest time for an armed worker to get to its fail point; it may stay armed for longer."""
MEASURED_FROM_S = 4.0
"""Half of the kills wait for a service at rest and are measured; the other half may come amid anything."""
MOVE_S = 8.0
"""Seconds after which an armed worker that waits for a change of the fleet gets one."""


class Strikes:
    """Strikes a service: the workers of `run`, and their broker."""

    def __init__(self, run: Run, broker: Kafka, outputs: Outputs, partitions: int, say: Say) -> None:
        self._result = run
        self._fleet = run.fleet
        self._broker = broker
        self._outputs = outputs
        self._all = list(range(partitions))
        self._ready_s = READY_S * run.plan.patience
        self._fail_point_s = FAIL_POINT_S * run.plan.patience
        self._say = say

    async def strike(self, blow: Blow) -> None:
        """Do what `blow` says. Raises Stuck when the service does not come back from it."""
        strikes: dict[Kind, Callable[[Blow], Awaitable[None]]] = {
            Kind.KILL: self._kill,
            Kind.KILL_AND_STAY_AWAY: self._kill_and_stay_away,
            Kind.KILL_ALL: self._kill_all,
            Kind.TERM: self._term,
            Kind.FREEZE: self._freeze,
            Kind.FAIL_POINT: self._fail_point,
            Kind.BROKER_RESTART: self._restart_broker,
            Kind.BROKER_KILL: self._kill_broker,
            Kind.RESIZE: self._resize,
        }
        await strikes[blow.kind](blow)

    def _victim(self, blow: Blow) -> Worker | None:
        running = self._fleet.running
        return running[int(blow.victim * len(running))] if running else None

    async def _kill(self, blow: Blow) -> None:
        if blow.seconds > MEASURED_FROM_S:
            await self._until_all_are_ready()
            if static := [worker for worker in self._fleet.running if worker.static]:
                lost = static[0].partitions
                self._fleet.kill(static[0])
                await self._note(self._result.restarts, lost, time(), "first new output after a restart")
        elif (worker := self._victim(blow)) is not None:
            self._fleet.kill(worker)

    async def _kill_and_stay_away(self, blow: Blow) -> None:
        await self._fleet.resize(max(len(self._fleet.running), 2))
        await self._until_all_are_ready()
        if (worker := self._victim(blow)) is None:
            return
        lost = worker.partitions
        worker.wanted = False
        self._fleet.kill(worker, Kind.KILL_AND_STAY_AWAY)
        if lost:
            await self._note(self._result.takeovers, lost, time(), "first new output of another worker")
        worker.wanted = True

    async def _kill_all(self, blow: Blow) -> None:
        for worker in self._fleet.running:
            self._fleet.kill(worker, Kind.KILL_ALL)

    async def _term(self, blow: Blow) -> None:
        if (worker := self._victim(blow)) is not None:
            await self._fleet.term(worker)

    async def _freeze(self, blow: Blow) -> None:
        if (worker := self._victim(blow)) is not None:
            await self._fleet.freeze(worker, blow.seconds)

    async def _fail_point(self, blow: Blow) -> None:
        if (worker := self._victim(blow)) is None:
            return
        worker.arm = blow.armed
        self._fleet.kill(worker)
        name = blow.armed.partition(":")[0]
        before = self._fleet.kills[f"{Kind.FAIL_POINT} {name}"]
        deadline, moved = monotonic() + self._fail_point_s, monotonic()
        while self._fleet.kills[f"{Kind.FAIL_POINT} {name}"] == before:
            if monotonic() > deadline:
                self._result.unreached.append(blow.armed)
                return
            if name in (fail_points.AMID_REVOCATION, fail_points.AMID_RECOVERY) and monotonic() - moved > MOVE_S:
                moved = monotonic()
                await self._move_partitions(worker)
            await asyncio.sleep(0.05)

    async def _move_partitions(self, armed: Worker) -> None:
        """Change the fleet around `armed`, so that partitions change hands."""
        other = next(worker for worker in self._fleet.workers if worker is not armed)
        other.wanted = not other.running
        await self._fleet.term(other)

    async def _restart_broker(self, blow: Blow) -> None:
        self._fleet.kills[Kind.BROKER_RESTART] += 1
        await asyncio.to_thread(self._broker.stop)
        await self._start_broker(blow)

    async def _kill_broker(self, blow: Blow) -> None:
        # What the broker has confirmed is in the machine's memory, and outlives the process: only the machine's own
        # end could lose it, against which real clusters have replicas.
        child = self._broker.child
        if child is not None:
            self._fleet.kills[Kind.BROKER_KILL] += 1
            child.process.kill()
            await asyncio.to_thread(child.process.wait)
            self._broker.stop()
        await self._start_broker(blow)

    async def _start_broker(self, blow: Blow) -> None:
        await asyncio.sleep(blow.seconds)
        await asyncio.to_thread(self._broker.start)

    async def broker_away(self, seconds: float) -> None:
        """Take the broker away for `seconds`. Raises Stuck when the service does not come back after it."""
        self._fleet.kills[Kind.BROKER_AWAY] += 1
        await asyncio.to_thread(self._broker.stop)
        await asyncio.sleep(seconds)
        await asyncio.to_thread(self._broker.start)
        await self._note(self._result.returns, self._all, time(), "first new output after the broker's return")

    async def _resize(self, blow: Blow) -> None:
        await self._fleet.resize(blow.workers)

    async def _until_all_are_ready(self) -> None:
        """Wait until every partition has an owner, and every worker has said which ones are its own."""
        deadline = monotonic() + self._ready_s
        while True:
            wanted = [worker for worker in self._fleet.workers if worker.wanted]
            owned = [number for worker in wanted for number in worker.partitions]
            if sorted(owned) == self._all and all(worker.partitions for worker in wanted):
                return
            if monotonic() > deadline:
                raise Stuck(f"the partitions have owners {[worker.partitions for worker in wanted]}")
            await asyncio.sleep(0.1)

    async def _note(self, figures: list[float], partitions: list[int], since: float, what: str) -> None:
        seconds = await self._outputs.until_news(partitions, since, self._ready_s)
        if seconds is None:
            raise Stuck(f"no new output of partitions {partitions} {self._ready_s:.0f} s after a kill")
        figures.append(seconds)
        self._say(f"      {what}: {seconds:.1f} s")
