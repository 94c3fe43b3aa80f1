"""The sink: keeps what the topics say in every store of the evaluation log.

Each store has a reader of its own, so that a database that is away for an hour holds up itself alone: its reader waits
with one batch in hand, and the CSV log goes on. Where a store stands is written in the store, together with the events;
so it holds each event exactly once, whenever it, the sink or Kafka dies.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Sequence
from functools import partial

from stream_app import metrics
from stream_app.brokers import Where
from stream_app.dead_letters import DeadLetters
from stream_app.errors import Retryable
from stream_app.evaluation_log.follower import Follower, Read, follow
from stream_app.evaluation_log.row import LogRow
from stream_app.evaluation_log.store import Store
from stream_app.monitoring import Readiness

log = logging.getLogger(__name__)

FIRST_WAIT_S, LONGEST_WAIT_S = 0.25, 10.0
"""Seconds between two tries to reach a store that is away: the first wait, doubled each time up to the longest."""

STOP_GRACE_S = 5.0
"""Seconds that a reader may take to end its batch when the sink is asked to stop."""


async def run(
    bootstrap: Where, app_id: str, stores: Sequence[Store], stopped: asyncio.Event, readiness: Readiness
) -> None:
    """Keep `stores` up to date until `stopped` is set.

    The first of the stores is the one whose reader sends what is no event to the dead letters. `readiness` is told of
    each store whether it can be written.

    Raises
    ------
    StreamAppError
        One of the stores cannot go on: the text says why. None of them goes on then; the next start makes up for it.
    """
    async with DeadLetters(bootstrap) as dead_letters:
        readers = [
            asyncio.create_task(
                _Reader(
                    bootstrap,
                    f"{app_id}-sink-{store.name}",
                    store,
                    dead_letters,
                    stopped,
                    readiness,
                    speaks=place == 0,
                ).run()
            )
            for place, store in enumerate(stores)
        ]
        stop = asyncio.create_task(stopped.wait())
        await asyncio.wait((*readers, stop), return_when=asyncio.FIRST_COMPLETED)
        stopped.set()
        _, late = await asyncio.wait(readers, timeout=STOP_GRACE_S)
        for reader in late:
            reader.cancel()
        for outcome in await asyncio.gather(*readers, return_exceptions=True):
            if isinstance(outcome, Exception):
                raise outcome


class _Reader:
    """Brings what the topics say into one store."""

    def __init__(
        self,
        bootstrap: Where,
        name: str,
        store: Store,
        dead_letters: DeadLetters,
        stopped: asyncio.Event,
        readiness: Readiness,
        *,
        speaks: bool,
    ) -> None:
        self._bootstrap = bootstrap
        self._name = name
        self._store = store
        self._dead_letters = dead_letters
        self._stopped = stopped
        self._readiness = readiness
        self._speaks = speaks
        self._reader = f"sink {store.name}"
        self._is_away("not opened yet")

    async def run(self) -> None:
        """Read until the sink is asked to stop.

        A store that was away may have lost what it had confirmed last, as a database does that does not wait for its
        disk. So each time that it is back it is asked anew where it stands.
        """
        wait, tries = FIRST_WAIT_S, 0
        try:
            async with follow(self._bootstrap, self._name) as follower:
                metrics.LAG.ask(self._reader, lambda: metrics.by_partition(self._reader, follower.unread()))
                while not self._stopped.is_set():
                    try:
                        await self._store.open()
                        await follower.begin(await self._store.places())
                        self._is_back()
                        log.log(logging.WARNING if tries else logging.INFO, "%s: reading%s", self._name, _after(tries))
                        wait, tries = FIRST_WAIT_S, 0
                        await self._read(follower)
                    except Retryable as error:
                        self._is_away(str(error))
                        if not tries:
                            log.warning("%s: the store is away, waiting for it: %s", self._name, error)
                        tries += 1
                        await self._pause(wait)
                        wait = min(2 * wait, LONGEST_WAIT_S)
        finally:
            self._is_away("the sink has stopped")
            await self._store.close()
        log.info("%s: stopped%s", self._name, ", while the store was away" if tries else "")

    async def _read(self, follower: Follower) -> None:
        while not self._stopped.is_set():
            read = await follower.read()
            if read is None:
                continue
            if self._speaks:
                for record, reason in read.refused:
                    await self._dead_letters.send(record, reason)
            for record in read.records:
                metrics.MESSAGES_READ.labels(self._reader, record.topic).inc()
            with metrics.LOG_APPEND_SECONDS.labels(self._store.name).time():
                added = await self._store.append(read.batch, partial(self._refuse, read))
            metrics.LOG_EVENTS.labels(self._store.name).inc(added)
            await follower.commit()

    async def _refuse(self, read: Read, row: LogRow, reason: str) -> None:
        await self._dead_letters.send(read.record_of(row), reason)

    def _is_back(self) -> None:
        metrics.LOG_STORE_UP.labels(self._store.name).set(1)
        self._readiness.has(self._store.name)

    def _is_away(self, reason: str) -> None:
        metrics.LOG_STORE_UP.labels(self._store.name).set(0)
        self._readiness.wants(self._store.name, reason)

    async def _pause(self, seconds: float) -> None:
        """Wait for `seconds`, or until the sink is asked to stop."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stopped.wait(), seconds)


def _after(tries: int) -> str:
    return f" again, the store is back after {tries} tries" if tries else ""
