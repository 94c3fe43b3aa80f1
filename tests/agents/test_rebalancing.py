"""Workers that take partitions over from each other go on from the leagues' snapshots, on a real broker."""

from __future__ import annotations

import re
from itertools import chain, pairwise
from pathlib import Path

import pytest

from stream_app.dev.process import Child
from stream_app.events import Features, Result
from stream_app.feeds.schedule import schedule
from stream_app.log_tools import verify
from stream_app.settings import Settings, load
from stream_app.topics import EVALUATIONS, LOG, PREDICTIONS
from tests.chaos.watch import Group
from tests.support.matches import played
from tests.support.service import expected, owned_partitions, send, until_published, until_snapshots, worker
from tests.support.waiting import until

pytestmark = pytest.mark.slow(60)

KEY = load().snapshot_key.get_secret_value().encode()
NAMES = [f"league-{number}" for number in range(12)]
MATCHES = 60
PARTITIONS = [0, 1, 2, 3]
NEVER_S = 3_600.0


class Season:
    """Matches of all leagues, sent in `parts`."""

    def __init__(self, bootstrap: str, folder: Path, parts: int) -> None:
        self.bootstrap = bootstrap
        self.settings: Settings = load(app_id=f"app-{folder.name}")
        self.matches = [match for name in NAMES for match in played(name, MATCHES)]
        self._events = list(schedule(self.matches))
        self._cuts = pairwise(len(self._events) * number // parts for number in range(parts + 1))
        self.sent: list[Features | Result] = []

    async def send(self) -> None:
        """Send the next part, and wait until every match in it is predicted."""
        start, end = next(self._cuts)
        await send(self.bootstrap, self._events[start:end])
        self.sent += self._events[start:end]
        await until_published(self.bootstrap, PREDICTIONS, sum(isinstance(it, Features) for it in self.sent))

    async def put_on_record(self) -> None:
        """Wait until a checkpoint has all that was sent."""
        await until_snapshots(self.bootstrap, KEY, *NAMES, entries=len(self.sent) + len(NAMES))

        async def on_record() -> bool:
            return await self.behind() == 0

        await until(on_record, "the place of the log's end is committed")

    async def behind(self) -> int:
        """Entries of the log that are not on record."""
        async with Group(self.bootstrap, self.settings.group, len(PARTITIONS)) as group:
            return await group.behind((LOG,))

    async def require_all(self) -> int:
        """Wait until all is said and on record; hold it against the log, and tell how much was said more than once."""
        found = await until_published(self.bootstrap, EVALUATIONS, len(self.matches))
        await self.put_on_record()
        assert found.values == expected(self.matches).values
        assert found.differing == []
        report = await verify(self.settings, self.bootstrap)
        assert report.holds
        assert report.snapshots.equal == len(NAMES)
        return found.records - sum(map(found.count, found.values))


async def test_leagues_that_came_to_life_after_the_last_checkpoint_come_from_their_snapshots_again(
    broker_with_topics: str, tmp_path: Path
) -> None:
    # Memory has no snapshot of them, and the brokers have no newer one.
    season = Season(broker_with_topics, tmp_path, parts=3)
    with worker(broker_with_topics, tmp_path, "before"):
        await season.send()
        await season.put_on_record()

    with worker(broker_with_topics, tmp_path, "one", checkpoint_interval_s=NEVER_S) as one:
        await until(lambda: owned_partitions(one) == PARTITIONS, "the worker has all partitions")
        await season.send()
        unrecorded = await season.behind()
        assert unrecorded > 100
        # Two more at once: a rebalance comes while the first worker still reads its tables after the one before.
        with (
            worker(broker_with_topics, tmp_path, "two", checkpoint_interval_s=NEVER_S) as two,
            worker(broker_with_topics, tmp_path, "three", checkpoint_interval_s=NEVER_S) as three,
        ):
            await until(lambda: share(one, two, three), "three workers share the partitions")
            assert await season.behind() == unrecorded
            await until(
                lambda: sum(map(caught_up, (one, two, three))) == unrecorded, "they have applied what was not on record"
            )
        await until(lambda: owned_partitions(one) == PARTITIONS, "the first worker has all partitions")
        assert await season.behind() == unrecorded
    with worker(broker_with_topics, tmp_path, "after"):
        await season.send()
        await season.require_all()


async def test_leagues_go_on_from_their_last_checkpoint_whatever_rebalances_come_amid_others(
    broker_with_topics: str, tmp_path: Path
) -> None:
    season = Season(broker_with_topics, tmp_path, parts=4)
    with worker(broker_with_topics, tmp_path, "one") as one:
        await season.send()
        await season.put_on_record()
        with worker(broker_with_topics, tmp_path, "two") as two:
            await until(lambda: share(one, two), "two workers share the partitions")
            await season.send()
            await season.put_on_record()
        await until(lambda: owned_partitions(one) == PARTITIONS, "the first worker has all partitions")
        await season.send()
        await season.put_on_record()
        with worker(broker_with_topics, tmp_path, "three") as three:
            with worker(broker_with_topics, tmp_path, "four") as four:
                # All have to have said so: what the third one said before looks like what it is going to say after.
                await until(lambda: share(one, three, four), "three workers share the partitions")
            await until(lambda: share(one, three), "the first and the third worker share the partitions")
            await season.send()
            assert await season.require_all() == 0  # a league that is rebuilt from the log says everything again
        assert [caught_up(it) for it in (one, two, three, four)] == [0, 0, 0, 0]


def share(*children: Child) -> bool:
    """Whether workers have all partitions together, and each as many as it should."""
    owned = [owned_partitions(it) for it in children]
    fair = len(PARTITIONS) // len(children)
    return sorted(chain.from_iterable(owned)) == PARTITIONS and all(len(it) >= fair for it in owned)


def caught_up(child: Child) -> int:
    """Entries that a worker found in the log, and not on record, when it last got partitions."""
    said = re.findall(r"caught up: ([\d,]+) log entries", child.log.read_text(encoding="utf-8"))
    return int(said[-1].replace(",", "")) if said else 0
