"""One run: a real broker, workers and a feed; blows; then the check."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine, Iterator
from pathlib import Path
from time import monotonic

from aiokafka.errors import KafkaError

from stream_app.dev.kafka import Kafka
from stream_app.topic_reader import read_to_end
from stream_app.topics import INPUTS, LOG
from tests.chaos.asking import SIGNING_KEY
from tests.chaos.checker import check, check_samples, moved_back
from tests.chaos.feed import Feed
from tests.chaos.fleet import Fleet
from tests.chaos.plan import blows, static_members
from tests.chaos.result import Plan, Run, Say, Stuck
from tests.chaos.strikes import READY_S, Strikes
from tests.chaos.traffic import DAYS_AHEAD, traffic
from tests.chaos.watch import Group, Outputs
from tests.support import topics

PARTITIONS = 4
GROUP = "chaos"
STANDSTILL_S = 120.0
"""A partition that says nothing new for so long under traffic is stuck."""
DRAIN_S = 300.0
CALM_S = 6.0
"""Traffic after the last blow, so that every competition is touched once more."""
SECONDS_A_KILL = 25.0
"""Time that a run may take, for each of its kills."""
CHECKED_EVERY = 40
"""Of the snapshots on the way each one of so many is compared with the fold."""


async def run(plan: Plan, folder: Path, say: Say) -> Run:
    """Do what `plan` says in `folder`, which has to be empty, and check it; `say` is told what happens."""
    broker = Kafka(folder / "kafka")
    await asyncio.to_thread(broker.start)
    try:
        return await _Harness(plan, folder, broker, say).run()
    finally:
        await asyncio.to_thread(broker.stop)


class _Harness:
    def __init__(self, plan: Plan, folder: Path, broker: Kafka, say: Say) -> None:
        self._plan = plan
        self._broker = broker
        self._say = say
        (folder / "workers").mkdir()
        self._fleet = Fleet.of(
            folder / "workers",
            static_members(plan.seed),
            kafka=broker.bootstrap,
            app_id=GROUP,
            partitions=PARTITIONS,
            models=plan.models,
            snapshot_key=SIGNING_KEY.decode(),
            ahead_days=DAYS_AHEAD,
            # Small enough for most snapshots to need several pieces, and some to need one.
            snapshot_piece_bytes=8_000,
            checkpoint_interval_s=1.0,
            # Figures over few matches, a low bar and many false alarms: alerts are to be among the outputs.
            window=20,
            decay_drop=0.02,
            alert_rate=100.0,
        )
        self._outputs = Outputs(broker.bootstrap, PARTITIONS)
        self._result = Run(plan, self._fleet)
        self._strikes = Strikes(self._result, broker, self._outputs, PARTITIONS, say)

    async def run(self) -> Run:
        begun = monotonic()
        await topics.create_all(self._broker.bootstrap, PARTITIONS)
        names = [f"league-{number:02}" for number in range(self._plan.competitions)]
        feed = Feed(self._broker.bootstrap, traffic(names, self._plan.seed, PARTITIONS), self._plan.rate)
        async with Group(self._broker.bootstrap, GROUP, PARTITIONS) as group:
            with _in_background(self._fleet.supervise(), self._outputs.follow(), group.sample()) as background:
                try:
                    await _first_of(self._storm(feed), background)
                except Stuck as stuck:
                    self._result.stuck = str(stuck)
                try:
                    # Also what did not come back in time: whether it has lost something is the graver question.
                    await _first_of(self._drain(feed, group), background)
                except Stuck as stuck:
                    self._result.stuck = self._result.stuck or str(stuck)
            await self._fleet.stop()
            self._result.samples, self._result.moved_back = len(group.samples), moved_back(group.samples)
            self._say("checking")
            self._result.verdict = await check(
                lambda topic: read_to_end(self._broker.bootstrap, [topic]),
                signing_key=SIGNING_KEY,
                sent=feed.confirmed,
                every=CHECKED_EVERY,
                repeats_allowed=bool(self._result.kills or self._fleet.own_deaths),
            )
            check_samples(group.samples, self._result.verdict.findings)
        self._result.seconds = monotonic() - begun
        return self._result

    async def _storm(self, feed: Feed) -> None:
        """Traffic and blows, until there were as many as planned."""
        sending = asyncio.create_task(feed.run())
        patience = self._plan.patience
        try:
            # Nothing may come twice where nothing dies, so then there are no partitions to hand over either.
            await self._fleet.resize(2 if self._plan.kills else 1)
            if await self._outputs.until_news(range(PARTITIONS), 0.0, READY_S * patience) is None:
                raise Stuck(f"no output {READY_S * patience:.0f} s after the start")
            if self._plan.away_s:
                self._say(f"broker away for {self._plan.away_s:.0f} s")
                await self._strikes.broker_away(self._plan.away_s)
            deadline = monotonic() + (READY_S + self._plan.kills * SECONDS_A_KILL) * patience
            for blow in blows(self._plan.seed):
                if self._result.kills >= self._plan.kills:
                    break
                if monotonic() > deadline:
                    raise Stuck(f"{self._result.kills} of {self._plan.kills} kills when the time was over")
                await asyncio.sleep(blow.pause_s)
                self._look_for_standstill()
                self._say(f"{self._result.kills:>4}  {blow.kind} {blow.armed}")
                await self._strikes.strike(blow)
            await self._calm_down()
            await asyncio.sleep(CALM_S if self._plan.kills else 4 * CALM_S)
            feed.stop()
            await sending
        finally:
            sending.cancel()

    async def _drain(self, feed: Feed, group: Group) -> None:
        """Wait until the group has read everything and has it on record."""
        await self._calm_down()
        self._say(f"waiting until all of {len(feed.confirmed)} messages are through")
        patience_s = DRAIN_S * self._plan.patience
        deadline = monotonic() + patience_s
        while True:
            with contextlib.suppress(KafkaError, OSError):
                if (rest := await group.behind((*INPUTS, LOG))) == 0:
                    return
                if monotonic() > deadline:
                    raise Stuck(f"{rest} messages were not through after {patience_s:.0f} s")
            await asyncio.sleep(0.2)

    async def _calm_down(self) -> None:
        """Leave those at work that are, but at least one."""
        await self._fleet.resize(max(len(self._fleet.running), 1))

    def _look_for_standstill(self) -> None:
        for partition, at in self._outputs.news_at.items():
            if monotonic() - at > STANDSTILL_S * self._plan.patience:
                raise Stuck(f"partition {partition} has said nothing new for {monotonic() - at:.0f} s")


@contextlib.contextmanager
def _in_background(*bodies: Coroutine[object, object, None]) -> Iterator[list[asyncio.Task[None]]]:
    tasks = [asyncio.create_task(body) for body in bodies]
    try:
        yield tasks
    finally:
        for task in tasks:
            task.cancel()


async def _first_of(main: Coroutine[object, object, None], background: list[asyncio.Task[None]]) -> None:
    """Do `main`; a task in the background that ends has failed, and ends it with its error."""
    task = asyncio.create_task(main)
    done, _ = await asyncio.wait([task, *background], return_when=asyncio.FIRST_COMPLETED)
    if task not in done:
        task.cancel()
    for ended in done:
        ended.result()
