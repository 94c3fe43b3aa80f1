"""What the topics say about a replay: counted by a reader of its own, from the messages themselves."""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import orjson
from aiokafka import AIOKafkaConsumer

from stream_app import brokers
from stream_app.brokers import Where
from stream_app.topics import DEAD_LETTERS, DECAY_ALERTS, EVALUATIONS, FEATURES, INPUT_MAX_BYTES, PREDICTIONS

COUNTED_TOPICS = (FEATURES, PREDICTIONS, EVALUATIONS, DECAY_ALERTS, DEAD_LETTERS)
ROLLING_WINDOW = 100
FETCH_BYTES, FETCH_WAIT_MS = 65_536, 100
RECORDS_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class ModelFigures:
    """One model's mean scores over `n` matches: losses in nats, RPS on 0..1, Brier on 0..2."""

    n: int
    log_loss: float
    rps: float
    brier: float
    accuracy: float


@dataclass(slots=True)
class Tally:
    """Counts the matches of one competition by what was published about them.

    A message that comes twice counts once. A prediction counts when it was not late, that is, when no result was known
    yet; an evaluation counts when it has scores, and the last one of a match counts.
    """

    competition: str
    matches: set[str] = field(default_factory=set)
    predicted: set[str] = field(default_factory=set)
    alerts: set[str] = field(default_factory=set)
    dead_letters: int = 0
    _sent_ms: int | None = None
    _evaluated_ms: int | None = None
    _scores: dict[str, list[Mapping[str, Any]]] = field(default_factory=dict)
    _rolling: deque[Mapping[str, Any]] = field(default_factory=lambda: deque(maxlen=ROLLING_WINDOW))

    def add(self, topic: str, key: bytes | None, value: bytes | None, written_ms: int) -> None:
        """Count one record of one of the `COUNTED_TOPICS`, written to it at `written_ms` (Unix time)."""
        if topic == FEATURES and self._sent_ms is None:
            self._sent_ms = written_ms
        elif topic == EVALUATIONS:
            self._evaluated_ms = written_ms
        if topic == DEAD_LETTERS:
            self.dead_letters += 1
        elif key == self.competition.encode() and value is not None:
            self._count(topic, orjson.loads(value))

    def _count(self, topic: str, message: dict[str, Any]) -> None:
        match_id = message["match_id"]
        if topic == FEATURES:
            self.matches.add(match_id)
        elif topic == PREDICTIONS:
            if not message["late"]:
                self.predicted.add(match_id)
        elif topic == DECAY_ALERTS:
            if message["state"] == "raised":
                self.alerts.add(message["alert_id"])
        elif message["models"]:
            if match_id not in self._scores:
                champions = [model for model in message["models"] if model["alias"] == "champion"]
                self._rolling.extend(champions)
            self._scores[match_id] = message["models"]
        else:
            self._scores.pop(match_id, None)

    @property
    def evaluated(self) -> Collection[str]:
        """Matches that have an evaluation with scores."""
        return self._scores.keys()

    def has_all(self, matches: Collection[str]) -> bool:
        """Whether each of `matches` was predicted and evaluated."""
        return len(self.evaluated) >= len(matches) and all(
            it in self._scores and it in self.predicted for it in matches
        )

    @property
    def seconds(self) -> float:
        """From the first features to the last evaluation since `restart_clock`; 0 without any."""
        if self._sent_ms is None or self._evaluated_ms is None:
            return 0.0
        return max(0, self._evaluated_ms - self._sent_ms) / 1000

    def restart_clock(self) -> None:
        """Leave what was written up to now out of `seconds`."""
        self._sent_ms = self._evaluated_ms = None

    def rolling(self) -> ModelFigures | None:
        """The champion's figures over the last `ROLLING_WINDOW` matches that were evaluated; None before the first."""
        return _figures(self._rolling) if self._rolling else None

    def models(self) -> dict[str, ModelFigures]:
        """Every model's figures over all evaluated matches, the best log loss first."""
        by_model: dict[str, list[Mapping[str, Any]]] = {}
        for scores in self._scores.values():
            for score in scores:
                by_model.setdefault(score["model"], []).append(score)
        found = {name: _figures(scores) for name, scores in by_model.items()}
        return dict(sorted(found.items(), key=lambda item: item[1].log_loss))


@asynccontextmanager
async def counting(bootstrap: Where, tally: Tally) -> AsyncIterator[None]:
    """Count all that is in the `COUNTED_TOPICS` and, within this, all that is written to them."""
    # Without a group, and by name: then it reads all partitions.
    consumer = brokers.consumer(
        bootstrap,
        *COUNTED_TOPICS,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        fetch_min_bytes=FETCH_BYTES,
        fetch_max_wait_ms=FETCH_WAIT_MS,
        max_partition_fetch_bytes=INPUT_MAX_BYTES,
    )
    try:
        await consumer.start()
        ends = await consumer.end_offsets(consumer.assignment())
        while any([await consumer.position(partition) < end for partition, end in ends.items()]):
            await _count(consumer, tally)
        tally.restart_clock()
        going_on = asyncio.create_task(_count_for_ever(consumer, tally))
        try:
            yield
        finally:
            going_on.cancel()
            with suppress(asyncio.CancelledError):
                await going_on
    finally:
        await consumer.stop()


async def _count_for_ever(consumer: AIOKafkaConsumer, tally: Tally) -> None:
    while True:
        await _count(consumer, tally)


async def _count(consumer: AIOKafkaConsumer, tally: Tally) -> None:
    for records in (await consumer.getmany(timeout_ms=FETCH_WAIT_MS, max_records=RECORDS_AT_ONCE)).values():
        for record in records:
            tally.add(record.topic, record.key, record.value, record.timestamp)


def _figures(scores: Collection[Mapping[str, Any]]) -> ModelFigures:
    n = len(scores)

    def mean(name: str) -> float:
        return math.fsum(score[name] for score in scores) / n

    return ModelFigures(n, mean("log_loss"), mean("rps"), mean("brier"), mean("hit"))
