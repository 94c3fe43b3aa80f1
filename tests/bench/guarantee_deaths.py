"""How long it takes to be back after a death, in seconds."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from time import monotonic, time

from aiokafka import TopicPartition

from stream_app.contracts import encode
from stream_app.dev.process import Child
from stream_app.durability.book import Book
from stream_app.durability.checkpoint import Checkpoint, checkpoint_key
from stream_app.durability.log import NO_SOURCE, Entry
from stream_app.durability.snapshot import SnapshotInfo, freeze, pack
from stream_app.events import Configure
from stream_app.partitioning import partition_of
from stream_app.settings import load
from stream_app.topics import CHECKPOINTS, LOG, SNAPSHOTS
from tests.bench.ground import (
    PARTITIONS,
    START_S,
    WORKER,
    Ground,
    Placed,
    all_read,
    commit,
    kill,
    large_book,
    produce_in,
    ready,
    replay,
    stopped_at_the_end,
    traffic,
)
from tests.chaos.watch import Outputs
from tests.support import topics
from tests.support.service import owned_partitions

LIGHT_MODELS = "elo_softmax,base_rate"
"""Models for measurements of everything around them."""

RATE = 100.0
"""Messages a second while workers die."""
COMPETITIONS = 16
SETTLE_S = 4.0
"""Traffic between two deaths: checkpoints are two seconds apart."""


async def restarts(ground: Ground, times: int) -> list[float]:
    """Seconds from SIGKILL until a static member, started again at once, says something new."""
    measured: list[float] = []
    children: list[Child] = []
    with stopped_at_the_end(children):
        async with _watched(ground) as outputs:
            children.append(ground.start(WORKER, "worker", worker_id="one"))
            await ready(children[-1])
            for _ in range(times):
                await asyncio.sleep(SETTLE_S)
                killed_at = _killed(children[-1])
                children.append(ground.start(WORKER, "worker", worker_id="one"))
                measured.append(await _news(outputs, children[-1], range(PARTITIONS), killed_at))
    return measured


async def takeovers(ground: Ground, times: int) -> list[float]:
    """Seconds from SIGKILL of one of two workers until the other one says something new for the first one's part."""
    measured: list[float] = []
    children: list[Child] = []
    with stopped_at_the_end(children):
        async with _watched(ground) as outputs:
            survivor = ground.start(WORKER, "survivor")
            children.append(survivor)
            await ready(survivor)
            for _ in range(times):
                victim = ground.start(WORKER, "victim")
                children.append(victim)
                half = PARTITIONS // 2
                await ready(victim, half)
                await ready(survivor, half)
                await asyncio.sleep(SETTLE_S)
                theirs, killed_at = owned_partitions(victim), _killed(victim)
                measured.append(await _news(outputs, survivor, theirs, killed_at))
                await ready(survivor)
    return measured


async def recoveries(ground: Ground, competitions: int, least_bytes: int, times: int) -> tuple[list[float], float]:
    """Seconds from the start of a worker until it is ready, with so many snapshots; and kilobytes of one snapshot."""
    size = await _fill(ground, competitions, least_bytes)
    return await _starts(ground, times), size / 1000


async def with_history(ground: Ground, matches: int, growth: int, times: int) -> tuple[list[float], list[float]]:
    """Seconds as above after `matches` matches of every competition, and after `growth` times as many."""
    feed = replay(COMPETITIONS, matches * growth)
    cut = len(feed) // growth
    measured: list[list[float]] = []
    for part in (feed[:cut], feed[cut:]):
        await topics.produce(ground.bootstrap, part)
        child = ground.start(WORKER, "fed", models=LIGHT_MODELS, worker_id="one")
        with stopped_at_the_end([child]):
            await all_read(ground.bootstrap)
        measured.append(await _starts(ground, times))
    return measured[0], measured[1]


async def _starts(ground: Ground, times: int) -> list[float]:
    measured: list[float] = []
    for _ in range(times):
        began = monotonic()
        child = ground.start(WORKER, "started", models=LIGHT_MODELS, worker_id="one")
        with stopped_at_the_end([child]):
            await ready(child)
            measured.append(monotonic() - began)
    return measured


@asynccontextmanager
async def _watched(ground: Ground) -> AsyncIterator[Outputs]:
    """Traffic, and somebody who sees what comes of it."""
    outputs = Outputs(ground.bootstrap, PARTITIONS)
    follow = asyncio.create_task(outputs.follow())
    try:
        async with traffic(ground.bootstrap, replay(COMPETITIONS, 1_000), RATE):
            yield outputs
    finally:
        follow.cancel()


def _killed(worker: Child) -> float:
    """Kill `worker`; when it was gone (`time.time`), which is after all that it has said."""
    kill(worker)
    return time()


async def _news(outputs: Outputs, worker: Child, partitions: Iterable[int], since: float) -> float:
    """Seconds from `since` until `worker` says something new of `partitions`."""
    seconds = await outputs.until_news(list(partitions), since, START_S)
    worker.require_running()
    if seconds is None:
        raise SystemExit(f"no new output of partitions {list(partitions)} {START_S:.0f} s after a kill")
    return seconds


async def _fill(ground: Ground, competitions: int, least_bytes: int) -> int:
    """Snapshots of so many competitions, as a worker would have left them; the size of one in bytes."""
    return await fill(ground, competitions, large_book(least_bytes))


async def fill(ground: Ground, competitions: int, book: Book) -> int:
    """Snapshots of so many competitions, each with the state of `book`, as a worker would have left them."""
    settings = load()
    key = settings.snapshot_key.get_secret_value().encode()
    ends, leagues = dict.fromkeys(range(PARTITIONS), 0), {number: dict[str, int]() for number in range(PARTITIONS)}
    entries: list[Placed] = []
    snapshots: list[Placed] = []
    for number in range(competitions):
        name = f"league-{number:04}"
        partition = partition_of(name.encode(), PARTITIONS)
        entry = Entry("configure", name, NO_SOURCE, -1, encode(Configure(name, settings.league_config(name))))
        entries.append((LOG, partition, entry.key, entry.payload, entry.headers()))
        book.position = leagues[partition][name] = ends[partition]
        squad = book.league.squad
        book.league.competition = squad.competition = squad.alerts.competition = squad.ledger.competition = name
        ends[partition] += 1
        blob = freeze(book, SnapshotInfo(name, book.position), key)
        snapshots += [(SNAPSHOTS, partition, *record, []) for record in pack(blob, name, None)]
    places: list[Placed] = [
        (CHECKPOINTS, number, checkpoint_key(number), Checkpoint(ends[number], leagues[number]).to_bytes(), [])
        for number in range(PARTITIONS)
    ]
    await produce_in(ground.bootstrap, [*entries, *snapshots, *places])
    await commit(ground.bootstrap, {TopicPartition(LOG, number): end for number, end in ends.items()})
    return len(blob)
