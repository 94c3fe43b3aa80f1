"""Brings what the topics say to one receiver: at least once, in order, whatever dies.

An offset is committed when everything before it was delivered, was not wanted, or went to the dead letters. So a
receiver that is away for an hour misses nothing, and a process that dies tells again what it had told and not yet
committed; the receiver knows that by its id.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import CommitFailedError, IllegalStateError
from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_exception_type,
    stop_after_delay,
    stop_any,
    stop_when_event_set,
    wait_random_exponential,
)

from stream_app import brokers, metrics
from stream_app.brokers import Where
from stream_app.dead_letters import DeadLetters, Record
from stream_app.errors import InvalidInput, Retryable
from stream_app.lag import unread
from stream_app.monitoring import Readiness
from stream_app.notify.channel import Channel, Refused
from stream_app.notify.notice import TOPICS, Notice, notice_of
from stream_app.notify.rules import Rules

log = logging.getLogger(__name__)

POLL_MS = 300
"""Milliseconds that one look for new messages takes at most, and so the time in which a stop is noticed."""

FIRST_WAIT_S, LONGEST_WAIT_S = 1.0, 60.0
"""Seconds within which the second try comes, at random; doubled each time up to the longest."""

SESSION_MS = 6_000
"""Milliseconds after which a process that was killed is missed, and another one tells in its place."""

MOST_HELD = 1_000
"""Notices that are held back at most: when so many wait they are told, whatever the hour."""

_POLL_RECORDS = 200
_MARGIN_S = 600.0


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a receiver that is away is tried: seconds until a message is given up, and between two tries."""

    give_up_s: float
    first_wait_s: float = FIRST_WAIT_S
    longest_wait_s: float = LONGEST_WAIT_S


@dataclass(frozen=True, slots=True)
class _Held:
    record: Record
    notice: Notice


class Dispatcher:
    """Reads the topics for one channel.

    Parameters
    ----------
    from_beginning
        Whether a channel that is new is told of what is in the topics already.
    clock
        The time of day: for quiet hours, digests and time stamps.
    """

    def __init__(
        self,
        channel: Channel,
        rules: Rules,
        patience: Patience,
        dead_letters: DeadLetters,
        clock: Callable[[], datetime],
        stopped: asyncio.Event,
        *,
        from_beginning: bool = False,
    ) -> None:
        self._channel = channel
        self._rules = rules
        self._patience = patience
        self._dead_letters = dead_letters
        self._clock = clock
        self._stopped = stopped
        self._from_beginning = from_beginning
        self._held: list[_Held] = []
        self._held_since: datetime | None = None
        self._read: dict[TopicPartition, int] = {}
        self._committed: dict[TopicPartition, int] = {}

    async def run(self, bootstrap: Where, app_id: str, readiness: Readiness) -> None:
        """Tell what comes until asked to stop. `readiness` is told when it begins."""
        consumer = brokers.consumer(
            bootstrap,
            group_id=f"{app_id}-notify-{self._channel.name}",
            enable_auto_commit=False,
            auto_offset_reset="earliest" if self._from_beginning else "latest",
            session_timeout_ms=SESSION_MS,
            heartbeat_interval_ms=SESSION_MS // 3,
            # While a receiver is away nothing is read; that is no sign of death, and heartbeats go on.
            max_poll_interval_ms=int((self._patience.give_up_s + _MARGIN_S) * 1_000),
        )
        consumer.subscribe(TOPICS, listener=_Revoked(self._forget))
        reader = f"notify {self._channel.name}"
        metrics.LAG.ask(reader, lambda: metrics.by_partition(reader, unread(consumer, self._read)))
        try:
            await consumer.start()
            log.info("%s: telling what comes", self._channel.name)
            readiness.has(self._channel.name)
            while not self._stopped.is_set():
                await self._go_on(consumer)
        finally:
            await consumer.stop()
            await self._channel.close()

    async def _go_on(self, consumer: AIOKafkaConsumer) -> None:
        batches = await consumer.getmany(timeout_ms=POLL_MS, max_records=_POLL_RECORDS)
        for partition in consumer.assignment() - self._read.keys():
            # Where a new group begins is put on record at once: what comes from now on belongs to it.
            self._read[partition] = await consumer.position(partition)
        records = sorted((record for batch in batches.values() for record in batch), key=lambda one: one.timestamp)
        for place, record in enumerate(records):
            if not await self._take(record):
                # Asked to stop: what was not told is read again at the next start.
                for rest in reversed(records[place:]):
                    self._read[TopicPartition(rest.topic, rest.partition)] = rest.offset
                break
            self._read[TopicPartition(record.topic, record.partition)] = record.offset + 1
            metrics.MESSAGES_READ.labels(f"notify {self._channel.name}", record.topic).inc()
        await self._tell_held()
        await self._commit(consumer)

    async def _take(self, record: Record) -> bool:
        """Tell of one message, or hold it back; whether it is dealt with."""
        try:
            notice = notice_of(record.topic, record.value)
        except InvalidInput as refused:
            await self._dead_letters.send(record, str(refused), self._channel.name)
            return True
        if not self._rules.wants(notice):
            return True
        held = _Held(record, notice)
        if self._rules.holds(notice, self._clock()):
            self._held_since = self._held_since or self._clock()
            self._held.append(held)
            return True
        return await self._tell([held])

    async def _tell_held(self) -> None:
        if self._held_since is None or self._stopped.is_set():
            return
        if not self._rules.due(self._held_since, self._clock()) and len(self._held) < MOST_HELD:
            return
        if await self._tell(self._held):
            self._held, self._held_since = [], None

    async def _tell(self, held: Sequence[_Held]) -> bool:
        """Deliver, however many tries it takes; False when asked to stop before it was done."""
        patience = self._patience
        tries = AsyncRetrying(
            retry=retry_if_exception_type(Retryable),
            wait=wait_random_exponential(multiplier=patience.first_wait_s, max=patience.longest_wait_s),
            stop=stop_any(stop_after_delay(patience.give_up_s), stop_when_event_set(self._stopped)),  # type: ignore[arg-type]  # any event will do
            sleep=self._pause,
            before_sleep=partial(_say, self._channel.name),
            reraise=True,
        )
        notices = [one.notice for one in held]
        try:
            await tries(self._deliver, notices)
        except Refused as refused:
            await self._give_up(held, str(refused))
        except Retryable as away:
            if self._stopped.is_set():
                return False
            await self._give_up(held, f"given up after {patience.give_up_s:.0f} s: {away}")
        else:
            metrics.NOTICES.labels(self._channel.name, "delivered").inc(len(held))
        return True

    async def _deliver(self, notices: Sequence[Notice]) -> None:
        await self._channel.deliver(notices, self._clock())

    async def _give_up(self, held: Sequence[_Held], reason: str) -> None:
        for one in held:
            await self._dead_letters.send(
                one.record, f"{self._channel.name}: {reason}", self._channel.name, kind="not delivered"
            )
        metrics.NOTICES.labels(self._channel.name, "given up").inc(len(held))

    async def _pause(self, seconds: float) -> None:
        """Wait, or until asked to stop."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stopped.wait(), seconds)

    async def _commit(self, consumer: AIOKafkaConsumer) -> None:
        places = {partition: place for partition, place in self._read.items() if partition in consumer.assignment()}
        for one in self._held:
            partition = TopicPartition(one.record.topic, one.record.partition)
            if partition in places:
                places[partition] = min(places[partition], one.record.offset)
        news = {partition: place for partition, place in places.items() if self._committed.get(partition) != place}
        if not news:
            return
        try:
            await consumer.commit(news)
        except (CommitFailedError, IllegalStateError) as error:
            # Another process has taken over; it tells again what this one could not put on record.
            log.warning("%s: partitions were taken away: %s", self._channel.name, error)
            self._forget(news)
        else:
            self._committed.update(news)

    def _forget(self, partitions: Collection[TopicPartition]) -> None:
        """These partitions are somebody else's now."""
        self._held = [
            one for one in self._held if TopicPartition(one.record.topic, one.record.partition) not in partitions
        ]
        self._held_since = self._held_since if self._held else None
        for partition in partitions:
            self._read.pop(partition, None)
            self._committed.pop(partition, None)


class _Revoked(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka is untyped
    def __init__(self, forget: Callable[[Collection[TopicPartition]], None]) -> None:
        self._forget = forget

    async def on_partitions_revoked(self, revoked: Collection[TopicPartition]) -> None:
        self._forget(revoked)

    async def on_partitions_assigned(self, assigned: Collection[TopicPartition]) -> None:
        """Nothing to do: a partition is met when it is first read."""


def _say(channel: str, state: RetryCallState) -> None:
    """Count a failure; log the first of a row, and every tenth."""
    metrics.NOTICES.labels(channel, "tried in vain").inc()
    if state.attempt_number % 10 == 1 and state.outcome is not None:
        log.warning("%s: try %d: %s; trying again", channel, state.attempt_number, state.outcome.exception())
