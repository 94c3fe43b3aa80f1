"""Measures the evaluation log on real parts: `python -m tests.bench.evaluation_log [--events N]...`.

For each number of events: how fast a sink keeps them in both stores, and how long a reconciliation of the two stores
and the topics takes and how much memory it needs, each as a process of its own, started as a person starts it.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from stream_app.dev.kafka import Kafka
from stream_app.dev.postgres import Postgres
from tests.evaluation_log.broker import make_topics_anew
from tests.evaluation_log.sent import matches, messages
from tests.support import programs, topics
from tests.support.waiting import until

DEFAULT_EVENTS = (1_000, 100_000)
PRODUCED_TOGETHER = 10_000
TIMEOUT_S = 1_800.0
POLL_S = 0.02
KIB_PER_MIB = 1024


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured with `events` events; durations in seconds from the start of the process, memory in MiB."""

    events: int
    bytes_per_event: float
    sink_s: float
    reconcile_s: float
    reconcile_mib: float


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--events", type=int, action="append", help="number of events; may be given several times")
    chosen = parser.parse_args().events or DEFAULT_EVENTS
    print(f"{'events':>10} {'bytes each':>10} {'sink s':>8} {'events/s':>9} {'reconcile s':>11} {'MiB':>6}")
    for events in chosen:
        with tempfile.TemporaryDirectory(prefix="stream-app-bench-") as folder:
            measured = measure(events, Path(folder))
        print(
            f"{measured.events:>10,} {measured.bytes_per_event:>10.0f} {measured.sink_s:>8.2f}"
            f" {measured.events / measured.sink_s:>9,.0f} {measured.reconcile_s:>11.2f} {measured.reconcile_mib:>6.0f}",
            flush=True,
        )


def measure(events: int, folder: Path) -> Figures:
    """Measure with `events` events, on a broker and a database server of its own in `folder`."""
    broker, server = Kafka(folder / "kafka"), Postgres(folder / "postgres")
    broker.start()
    try:
        server.start()
        env = programs.environment(kafka=broker.bootstrap, database_url=server.url, data_dir=folder / "data")
        volume = asyncio.run(_produce(broker.bootstrap, events))
        sink_s = _time_sink(events, env, server.url, folder)
        reconcile_s, mib = _time_reconcile(env, folder)
    finally:
        server.destroy()
        broker.stop()
    return Figures(events, volume / events, sink_s, reconcile_s, mib)


async def _produce(bootstrap: str, events: int) -> int:
    await make_topics_anew(bootstrap, partitions=4)
    volume = 0
    for start in range(0, events // 2, PRODUCED_TOGETHER):
        batch = messages(matches(min(PRODUCED_TOGETHER, events // 2 - start), start=start))
        volume += sum(len(value or b"") for _, _, value in batch)
        await topics.produce(bootstrap, batch)
    return volume


def _time_sink(events: int, env: Mapping[str, str], url: str, folder: Path) -> float:
    began = time.monotonic()
    with programs.running("sink", cwd=folder, env=env) as child:
        asyncio.run(_until_kept(url, folder / "data" / "evaluation_log.csv", events))
        child.require_running()
        return time.monotonic() - began


async def _until_kept(url: str, file: Path, events: int) -> None:
    connection = await asyncpg.connect(url)

    async def read() -> bool:
        # The places, because counting the rows would take the database's time from the sink.
        if not await connection.fetchval("select to_regclass('evaluation_log_places') is not null"):
            return False
        total: int = await connection.fetchval("select coalesce(sum(next_offset), 0) from evaluation_log_places")
        return total >= events

    try:
        await until(read, "the database has them", timeout_s=TIMEOUT_S)
    finally:
        await connection.close()
    await until(lambda: _lines_of(file) > events, "the file has them", timeout_s=TIMEOUT_S)


def _lines_of(file: Path) -> int:
    with file.open("rb") as content:
        return sum(1 for _ in content)


def _time_reconcile(env: Mapping[str, str], folder: Path) -> tuple[float, float]:
    began = time.monotonic()
    with programs.running("reconcile", "--json", cwd=folder, env=env) as child:
        peak = 0
        while child.returncode() is None:
            peak = max(peak, _peak_kib(child.pid))
            time.sleep(POLL_S)
        seconds = time.monotonic() - began
    if child.returncode() != 0:
        raise SystemExit(f"the reconciliation did not find the log clean:\n{child.tail()}")
    return seconds, peak / KIB_PER_MIB


def _peak_kib(pid: int) -> int:
    """The most memory that a process has had, as the kernel counts it from the start of its program."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return 0
    return next((int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")), 0)


if __name__ == "__main__":
    main()
