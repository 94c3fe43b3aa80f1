"""How a thousand competitions and a million matches a day fit on workers: `python -m tests.studies.scale [--write]`.

A simulation: what a message, a checkpoint and a start cost is measured (`tests/bench/performance.json`, written by
`python -m tests.bench.performance`); the day is made up, from a seed. A worker is one queue, as it is in the service:
it applies the entries of all its partitions one after the other, and writes a league of a checkpoint when nothing waits
or a turn of applying is over.
"""

from __future__ import annotations

import argparse
import json
import math
import random
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate

from stream_app.agents.checkpoints import LONGEST_S
from stream_app.agents.keeper import TURN_S
from stream_app.agents.public_tables import SHARE
from stream_app.partitioning import partition_of
from stream_app.settings import load
from tests.bench.performance import FILE, put_between
from tests.support.programs import ROOT

PAGE = ROOT / "docs" / "scaling.md"
BEGIN, END = "<!-- simulated: begin -->", "<!-- simulated: end -->"

COMPETITIONS, MATCHES_A_DAY = 1_000, 1_000_000
ZIPF = 0.8
"""Matches of the k-th largest competition go with k to the minus this: the largest has 5 % of all, half have 84 %."""

MINUTE_S = 60.0
SLOTS = {14.0: 0.05, 14.5: 0.05, 15.0: 0.10, 15.5: 0.10, 16.0: 0.05}
"""Share of the day's matches that begin at these hours: the middle of a Saturday, in which 35 % of all are played."""

FEATURES_MIN, FEATURES_SPREAD_MIN = 60.0, 5.0
RESULT_MIN, RESULT_SPREAD_MIN = 110.0, 5.0
"""Minutes before and after kickoff at which features and results come, and the standard deviation of each."""

DEPLOY_S = (15.0 * 60.0 + RESULT_MIN) * MINUTE_S
"""Workers are restarted in the middle of the results of one of the largest slots: as bad as it gets."""

DEPLOY_GAP_S = 60.0
WORKERS, PARTITIONS, CHOSEN = (1, 2, 4, 8), (4, 16, 64, 256), 64


@dataclass(frozen=True, slots=True)
class Costs:
    """What was measured: seconds of a worker for a message, a snapshot, a snapshot read again, and a start.

    Megabytes are those of a worker without any league, and of a league with its snapshot.
    """

    message_s: float
    freeze_s: float
    thaw_s: float
    start_s: float
    snapshot_bytes: float
    base_mb: float
    league_mb: float


@dataclass(frozen=True, slots=True)
class Load:
    """How one worker fared. Waits are seconds from when a message was there until it was applied.

    Those of `before` are the ones until it was stopped, `after` the ones from then on.
    """

    before: Sequence[float]
    after: Sequence[float]
    busiest_minute: float
    caught_up_s: float
    leagues: int


def costs() -> Costs:
    """The costs that were measured last. SystemExit when there are none."""
    if not FILE.exists():
        raise SystemExit(f"{FILE.name} is missing: measure first, with `python -m tests.bench.performance --keep`")
    pieces = json.loads(FILE.read_text(encoding="utf-8"))
    of = {figure["name"]: float(figure["value"]) for piece in pieces.values() for figure in piece["figures"]}
    return Costs(
        message_s=of["worker_ms"] / 2e3,
        freeze_s=of["freeze_ms"] / 1e3,
        thaw_s=of["thaw_ms"] / 1e3,
        start_s=of["recovery"],
        snapshot_bytes=of["snapshot_kb"] * 1e3,
        base_mb=of["base_mb"],
        league_mb=(of["active_mb"] - of["base_mb"]) / COMPETITIONS,
    )


def day(seed: int, matches: int = MATCHES_A_DAY) -> list[tuple[float, int]]:
    """The messages of an afternoon as (second of the day, competition), in the order in which they come."""
    rng = random.Random(seed)
    shares = list(accumulate((place + 1.0) ** -ZIPF for place in range(COMPETITIONS)))
    messages: list[tuple[float, int]] = []
    for hour, share in SLOTS.items():
        for _ in range(round(share * matches)):
            competition = bisect_left(shares, rng.random() * shares[-1])
            for after, spread in ((-FEATURES_MIN, FEATURES_SPREAD_MIN), (RESULT_MIN, RESULT_SPREAD_MIN)):
                messages.append(((hour * 60.0 + rng.gauss(after, spread)) * MINUTE_S, competition))
    return sorted(messages)


class Worker:
    """One worker: when it is free, what it has in memory, and what no checkpoint of it holds yet."""

    def __init__(self, it: Costs) -> None:
        settings = load()
        self._costs = it
        self._interval_s = settings.checkpoint_interval_s
        self._snapshots_per_s = settings.checkpoint_bytes_per_s / it.snapshot_bytes
        self._free = self._due = self._turn = 0.0
        self._loaded: set[int] = set()
        self._changed: set[int] = set()
        self._to_write = self._written = 0
        self._since_checkpoint = self._in_checkpoint = 0
        self._minutes: dict[int, float] = {}

    def run(self, messages: Sequence[tuple[float, int]], stopped_at: float) -> Load:
        """Take `messages` as (second, competition), stopped and started again once."""
        before: list[float] = []
        after: list[float] = []
        back_at, caught_up_at = math.inf, math.inf
        for came, competition in messages:
            if not self._to_write and self._changed and self._due <= max(self._free, came):
                self._begin_checkpoint()
            while self._to_write and (self._free < came or self._turn >= TURN_S):
                self._write_a_league()
            if math.isinf(back_at) and max(self._free, came) >= stopped_at:
                back_at = self._start_again(stopped_at)
            if caught_up_at > came >= max(self._free, back_at):
                caught_up_at = came
            self._apply(came, competition)
            (before if came < stopped_at else after).append(self._free - came)
        leagues = len({competition for _, competition in messages})
        return Load(before, after, max(self._minutes.values()) / MINUTE_S, caught_up_at - stopped_at, leagues)

    def _apply(self, came: float, competition: int) -> None:
        known = competition in self._loaded
        self._work(came, self._costs.message_s + (0.0 if known else self._costs.thaw_s))
        self._loaded.add(competition)
        self._changed.add(competition)
        self._since_checkpoint += 1
        self._turn += self._costs.message_s

    def _begin_checkpoint(self) -> None:
        self._free = max(self._free, self._due)
        self._to_write = self._written = len(self._changed)
        self._changed.clear()
        self._in_checkpoint = self._since_checkpoint

    def _write_a_league(self) -> None:
        self._work(self._free, self._costs.freeze_s)
        self._turn = 0.0
        self._to_write -= 1
        if not self._to_write:
            busy_s = self._written * self._costs.freeze_s
            costs_s = max(self._written / self._snapshots_per_s, min(busy_s / SHARE, LONGEST_S))
            self._due = self._free + max(self._interval_s, costs_s)
            self._since_checkpoint -= self._in_checkpoint

    def _start_again(self, at: float) -> float:
        """What no checkpoint has is applied again, and each league is read from its snapshot when it is needed."""
        self._loaded.clear()
        self._changed.clear()
        self._to_write = 0
        self._free = max(self._free, at) + self._costs.start_s
        self._work(self._free, self._since_checkpoint * self._costs.message_s)
        self._due = self._free + self._interval_s
        return self._free

    def _work(self, begin: float, seconds: float) -> None:
        begin = max(begin, self._free)
        minute = int(begin // MINUTE_S)
        self._minutes[minute] = self._minutes.get(minute, 0.0) + seconds
        self._free = begin + seconds


def rows(it: Costs, seed: int) -> Iterator[str]:
    """The lines of the table of workers."""
    messages = day(seed)
    yield (
        "| workers | busiest minute | wait, median | wait, p99 | after a deploy, p99 | caught up after |"
        " competitions a worker | memory a worker |"
    )
    yield "|---|---|---|---|---|---|---|---|"
    for workers in WORKERS:
        shares: list[list[tuple[float, int]]] = [[] for _ in range(workers)]
        for message in messages:
            shares[_partition(message[1]) % workers].append(message)
        loads = [Worker(it).run(share, DEPLOY_S + place * DEPLOY_GAP_S) for place, share in enumerate(shares)]
        before = sorted(wait for load in loads for wait in load.before)
        after = sorted(wait for load in loads for wait in load.after)
        leagues = max(load.leagues for load in loads)
        yield (
            f"| {workers} | {max(load.busiest_minute for load in loads):.0%} | {_seconds(_quantile(before, 0.5))} |"
            f" {_seconds(_quantile(before, 0.99))} | {_seconds(_quantile(after, 0.99))} |"
            f" {max(load.caught_up_s for load in loads):.0f} s | {leagues} |"
            f" {it.base_mb + leagues * it.league_mb:,.0f} MB |"
        )


def skew() -> Iterator[str]:
    """The lines of the table of partitions."""
    yield "| partitions | the busiest has, of all messages | workers that they can keep busy, at most |"
    yield "|---|---|---|"
    sizes = [(place + 1.0) ** -ZIPF for place in range(COMPETITIONS)]
    for partitions in PARTITIONS:
        of_partition = [0.0] * partitions
        for place, size in enumerate(sizes):
            of_partition[partition_of(_name(place).encode(), partitions)] += size
        share = max(of_partition) / sum(sizes)
        yield f"| {partitions} | {share:.1%} | {math.floor(1.0 / share)} |"


def report(seed: int) -> str:
    """Both tables, and what they rest on."""
    it = costs()
    basis = (
        f"A message takes {it.message_s * 1e3:.2f} ms of a worker, a snapshot {it.freeze_s * 1e3:.1f} ms to write and"
        f" {it.thaw_s * 1e3:.1f} ms to read, a start {it.start_s:.1f} s; {COMPETITIONS:,} competitions on {CHOSEN}"
        f" partitions, {MATCHES_A_DAY:,} matches a day, seed {seed}."
    )
    return "\n".join([basis, "", *rows(it, seed), "", *skew()])


def main() -> None:
    """Simulate, print, and write the page if asked to."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write", action="store_true", help=f"put the tables into {PAGE.relative_to(ROOT)}")
    arguments = parser.parse_args()
    told = report(arguments.seed)
    print(told)
    if arguments.write:
        put_between(PAGE, BEGIN, END, told)


def _name(place: int) -> str:
    return f"league-{place:04}"


@cache
def _partition(place: int) -> int:
    return partition_of(_name(place).encode(), CHOSEN)


def _quantile(ordered: Sequence[float], share: float) -> float:
    return ordered[int(share * (len(ordered) - 1))]


def _seconds(wait: float) -> str:
    return f"{wait * 1e3:.0f} ms" if wait < 1.0 else f"{wait:.1f} s"


if __name__ == "__main__":
    main()
