"""A backlog worked off: how fast programs come to its end."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic

from aiokafka import AIOKafkaConsumer, TopicPartition

from stream_app.dev.process import Child
from stream_app.topics import EVALUATIONS, PREDICTIONS
from tests.bench.ground import DRAIN_S, PARTITIONS, Ground, produce_in
from tests.support import topics
from tests.support.waiting import until


@dataclass(frozen=True, slots=True)
class WorkedOff:
    """How fast programs were with a backlog: messages a second, and the processor's seconds that each message took."""

    messages_per_s: float
    message_s: float


async def worked_off(
    ground: Ground, programs: Sequence[Child], feed: Sequence[topics.Message], *, warm: int, said: int = 1
) -> WorkedOff:
    """Have `programs` work off `feed`, and tell how fast they were.

    The first `warm` messages show that the programs are up. They are stopped while the rest is written, so that they
    have done nothing of it when the time begins, and all of it when the time ends: one that runs ahead with a part of
    its work would seem faster than it is.

    Parameters
    ----------
    said
        Predictions and evaluations that a message brings about.
    """
    outputs = [TopicPartition(name, number) for name in (PREDICTIONS, EVALUATIONS) for number in range(PARTITIONS)]
    consumer = AIOKafkaConsumer(bootstrap_servers=ground.bootstrap)
    await consumer.start()

    async def all_said(messages: int) -> bool:
        for program in programs:
            program.require_running()
        ends: dict[TopicPartition, int] = await consumer.end_offsets(outputs)
        return sum(ends.values()) >= said * messages

    try:
        await topics.produce(ground.bootstrap, feed[:warm])
        await until(lambda: all_said(warm), "the first messages are answered", DRAIN_S)
        with _stopped(programs):
            # Not by `topics.produce`, which waits for each message before the next one of its key.
            await produce_in(ground.bootstrap, ((topic, None, key, value, []) for topic, key, value in feed[warm:]))
        used, began = _processor_s(programs), monotonic()
        await until(lambda: all_said(len(feed)), "all messages are answered", DRAIN_S)
        took_s = monotonic() - began
    finally:
        await consumer.stop()
    messages = len(feed) - warm
    return WorkedOff(messages / took_s, (_processor_s(programs) - used) / messages)


@contextmanager
def _stopped(programs: Sequence[Child]) -> Iterator[None]:
    """Programs that stand still. A worker ends itself when that takes as long as its partitions are safe."""
    for program in programs:
        program.process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        for program in programs:
            program.process.send_signal(signal.SIGCONT)


def _processor_s(programs: Sequence[Child]) -> float:
    """Seconds of the processor that `programs` have taken so far."""
    ticks = 0
    for program in programs:
        with open(f"/proc/{program.process.pid}/stat", encoding="ascii", errors="replace") as file:
            fields = file.read().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")
