"""A bad day for the evaluation log: `python -m tests.evaluation_log.chaos` runs a whole one.

While events flow, sinks are killed, the database server is killed, and once it is down for long. Workers send again
what they had sent before. At the end both stores have to hold exactly the topics' events.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import signal
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from stream_app.dev.kafka import Kafka
from stream_app.dev.postgres import Postgres
from stream_app.dev.process import Child
from stream_app.errors import Retryable
from stream_app.evaluation_log.findings import Window
from stream_app.evaluation_log.reconcile import Sides, reconcile
from stream_app.evaluation_log.report import Report
from tests.evaluation_log.broker import make_topics_anew
from tests.evaluation_log.sent import Event, ids, in_csv, in_database, matches, messages
from tests.support import programs, topics
from tests.support.waiting import until

CATCH_UP_S = 300.0
START_TRIES = 20


@dataclass(frozen=True, slots=True)
class Day:
    """How bad the day is.

    Attributes
    ----------
    events
        How many events flow, over so many `seconds`.
    sink_kills, database_kills
        How often a sink and the database server are killed, at times that `seed` draws.
    outage_s
        Seconds that the database server is down once, in the middle.
    """

    events: int
    seconds: float
    sink_kills: int
    database_kills: int
    outage_s: float
    seed: int = 1


WHOLE = Day(events=50_000, seconds=300.0, sink_kills=20, database_kills=5, outage_s=120.0)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was left at the end: the ids in the topics and in both stores, and what a reconciliation says."""

    published: Sequence[str]
    in_csv: Sequence[str]
    in_database: Sequence[str]
    report: Report


async def live_through(day: Day, bootstrap: str, server: Postgres, folder: Path) -> Outcome:
    """Live through `day` with a sink whose files are in `folder`."""
    await make_topics_anew(bootstrap, partitions=4)
    events = matches(day.events // 2)
    env = programs.environment(kafka=bootstrap, database_url=server.url, data_dir=folder / "data")
    chance = random.Random(day.seed)
    with ExitStack() as stack:
        sinks = _Sinks(stack, folder, env)
        sinks.start()
        flow = asyncio.create_task(_flow(day, events, bootstrap, chance))
        troubles = [*["sink"] * day.sink_kills, *["database"] * day.database_kills, "outage"]
        chance.shuffle(troubles)
        for trouble in troubles:
            await asyncio.sleep(chance.uniform(0.5, 1.5) * day.seconds / len(troubles))
            if trouble == "sink":
                sinks.kill()
                sinks.start()
            elif trouble == "database":
                _kill(server)
                await _start(server)
            else:
                await asyncio.to_thread(server.stop)
                await asyncio.sleep(day.outage_s)
                await _start(server)
        await flow

        async def caught_up() -> bool:
            sinks.require_running()
            in_files = await asyncio.to_thread(in_csv, folder / "data")
            return len(in_files) >= len(events) and len(await in_database(server.url)) >= len(events)

        await until(caught_up, "both stores have caught up", timeout_s=CATCH_UP_S)
    report = await reconcile(
        Sides(folder / "data", server.url, bootstrap), Window(), expire_after_days=30.0, now=datetime.now(UTC)
    )
    return Outcome(ids(events), in_csv(folder / "data"), await in_database(server.url), report)


class _Sinks:
    """One sink after the other."""

    def __init__(self, stack: ExitStack, folder: Path, env: dict[str, str]) -> None:
        self._stack = stack
        self._folder = folder
        self._env = env
        self._running: Child | None = None

    def start(self) -> None:
        self._running = self._stack.enter_context(programs.running("sink", cwd=self._folder, env=self._env))

    def kill(self) -> None:
        assert self._running is not None
        self._running.process.kill()
        self._running.process.wait()

    def require_running(self) -> None:
        assert self._running is not None
        self._running.require_running()


async def _flow(day: Day, events: Sequence[Event], bootstrap: str, chance: random.Random) -> None:
    """Send `events` over the day; now and then a worker starts anew and sends some of them again."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    step = max(len(events) // 100, 1)
    for start in range(0, len(events), step):
        again = chance.choice((0, 0, step // 2, 3 * step))
        await topics.produce(bootstrap, messages(events[max(start - again, 0) : start + step]))
        await asyncio.sleep(max(began + day.seconds * (start + step) / len(events) - loop.time(), 0.0))


def _kill(server: Postgres) -> None:
    """Kill the server as a machine that runs out of memory does: the postmaster and all that it has started."""
    assert server.child is not None
    os.killpg(server.child.pid, signal.SIGKILL)
    server.child.process.wait()


async def _start(server: Postgres) -> None:
    """Start the server again; what was killed may still be leaving, and other tests clean up in the same place."""
    for _ in range(START_TRIES):
        server.stop()
        try:
            return await asyncio.to_thread(server.start)
        except (Retryable, FileNotFoundError):
            await asyncio.sleep(0.5)
    raise AssertionError("the database server does not start again")


def main() -> None:
    """Live through a whole bad day and print what is left."""
    parser = argparse.ArgumentParser(description="A bad day for the evaluation log.")
    parser.add_argument("--seed", type=int, default=1)
    seed = parser.parse_args().seed
    day = Day(WHOLE.events, WHOLE.seconds, WHOLE.sink_kills, WHOLE.database_kills, WHOLE.outage_s, seed)
    with tempfile.TemporaryDirectory(prefix="stream-app-chaos-") as folder:
        broker, server = Kafka(Path(folder) / "kafka"), Postgres(Path(folder) / "postgres")
        broker.start()
        server.start()
        try:
            began = time.monotonic()
            outcome = asyncio.run(live_through(day, broker.bootstrap, server, Path(folder)))
        finally:
            server.destroy()
            broker.stop()
    print(f"{day.sink_kills} sinks and {day.database_kills} databases killed, one outage of {day.outage_s:.0f} s,")
    print(f"{len(outcome.published):,} events in {time.monotonic() - began:.0f} s; at the end: {outcome.report.events}")
    exact = outcome.published == outcome.in_csv == outcome.in_database and outcome.report.clean
    print("Both stores hold exactly the topics' events." if exact else "The stores are NOT exact.")
    raise SystemExit(not exact)


if __name__ == "__main__":
    main()
