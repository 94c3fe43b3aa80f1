"""Reads dead letters and decisions, and carries decisions out.

A replay is written down before and after it: `claimed`, then the message, then `replayed`. Whoever finds a letter
claimed by another one leaves it alone, and when that one has died looks into the topic whether the message is there. So
nothing is sent twice, whoever dies and whoever works at the same time.
"""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from time import monotonic
from typing import Literal

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError

from stream_app import brokers
from stream_app.brokers import Where
from stream_app.contracts import parse
from stream_app.errors import InvalidInput, Retryable
from stream_app.letters.cases import CLAIM_HOLDS, ID_HEADER, Action, Case, Decision, Letter, decide, gather
from stream_app.topic_reader import Record, read_to_end
from stream_app.topics import DEAD_LETTER_DECISIONS, DEAD_LETTERS, INPUT_MAX_BYTES

Fate = Literal["replayed", "already replayed", "discarded", "left alone", "refused"]

_FETCH_S = 10.0


@dataclass(frozen=True, slots=True)
class Mended:
    """A letter's message as it shall be sent: with the competition that it names as the key."""

    case: Case
    key: bytes
    value: bytes
    edited: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a letter, and why."""

    letter_id: str
    fate: Fate
    reason: str


def mend(case: Case, value: bytes | None, competition: str | None, *, max_bytes: int) -> Mended:
    """The message of `case` with the value `value`, as it shall be sent.

    Parameters
    ----------
    competition
        What the message says of its competition, None when it says nothing.

    Raises
    ------
    InvalidInput
        It comes from a topic of the service's own, or would be refused again.
    """
    letter = case.letter
    if not letter.can_be_replayed:
        raise InvalidInput(f"it came from {letter.topic}, which the service writes itself: nothing to replay")
    key = (competition or "").encode()
    parse(letter.topic, key, value, max_bytes=max_bytes)
    return Mended(case, key, value or b"", edited=value != letter.value)


class Office:
    """Dead letters on the brokers at `bootstrap`, as `by` handles them. `clock` is the time of decisions."""

    def __init__(
        self,
        bootstrap: Where,
        *,
        by: str,
        why: str | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._bootstrap = bootstrap
        self._by = by
        self._why = why
        self._clock = clock
        self._run = str(uuid.uuid4())

    async def cases(self) -> dict[str, Case]:
        """Every case, by the letter's id, the oldest letter first.

        Raises
        ------
        InvalidInput
            The topics are not there, or hold something else.
        Retryable
            The brokers do not answer.
        """
        return gather([record async for record in read_to_end(self._bootstrap, [DEAD_LETTERS, DEAD_LETTER_DECISIONS])])

    async def discard(self, cases: Sequence[Case]) -> list[Outcome]:
        """Give the letters of `cases` up. Raises Retryable when the brokers do not answer."""
        outcomes: list[Outcome] = []
        async with self._producer() as producer:
            for case in cases:
                if case.state != "open":
                    outcomes.append(Outcome(case.letter.id, "left alone", _already(case)))
                    continue
                await self._write(producer, case.letter, "discarded")
                outcomes.append(Outcome(case.letter.id, "discarded", self._why or ""))
        return outcomes

    async def replay(self, messages: Sequence[Mended]) -> list[Outcome]:
        """Send `messages` into the topics that they came from, each unless it was sent before.

        Raises Retryable when the brokers do not answer; doing it again is safe.
        """
        outcomes: list[Outcome] = []
        async with self._producer() as producer:
            ours = await self._claimed(producer, messages, outcomes)
            for message, claimed_at in ours:
                if monotonic() - claimed_at > CLAIM_HOLDS.total_seconds() / 2:
                    # Somebody may take over soon; a claim that is given back in time can be made again.
                    await self._write(producer, message.case.letter, "released")
                    outcomes.append(Outcome(message.case.letter.id, "left alone", "it took too long: do it again"))
                    continue
                await self._send(producer, message)
                await self._write(producer, message.case.letter, "replayed", edited=message.edited)
                outcomes.append(Outcome(message.case.letter.id, "replayed", f"into {message.case.letter.topic}"))
        return outcomes

    async def history(self, letter: Letter) -> dict[str, str]:
        """The headers of the message that became `letter`, empty where it is gone: was it itself a replay?

        Raises Retryable when the brokers do not answer.
        """
        consumer = brokers.consumer(
            self._bootstrap, enable_auto_commit=False, max_partition_fetch_bytes=INPUT_MAX_BYTES
        )
        tp = TopicPartition(letter.topic, letter.partition)
        try:
            await consumer.start()
            consumer.assign([tp])
            [begin], [end] = (
                (await consumer.beginning_offsets([tp])).values(),
                (await consumer.end_offsets([tp])).values(),
            )
            if not begin <= letter.offset < end:
                return {}
            consumer.seek(tp, letter.offset)
            found = await consumer.getmany(tp, timeout_ms=int(_FETCH_S * 1000), max_records=1)
            records = [record for record in found.get(tp, []) if record.offset == letter.offset]
            return {name: value.decode(errors="replace") for record in records for name, value in record.headers}
        except KafkaError as error:
            raise brokers.trouble(self._bootstrap, error) from error
        finally:
            await consumer.stop()

    async def _claimed(
        self, producer: AIOKafkaProducer, messages: Sequence[Mended], outcomes: list[Outcome]
    ) -> list[tuple[Mended, float]]:
        """Those of `messages` that are ours to send, and when we claimed them; the others go to `outcomes`."""
        given_up = [message for message in messages if message.case.state == "claimed" and self._is_old(message.case)]
        there = await self._sent_before(given_up)
        for message in messages:
            letter, state = message.case.letter, message.case.state
            if letter.id in there:
                await self._write(producer, letter, "replayed")
                outcomes.append(Outcome(letter.id, "already replayed", f"it is in {letter.topic}"))
            elif state == "open" or message in given_up:
                if (claim := message.case.claim) is not None:
                    await self._write(producer, letter, "released", run=claim.run)
                await self._write(producer, letter, "claimed", edited=message.edited)
            else:
                outcomes.append(Outcome(letter.id, "left alone", _already(message.case)))
        claimed_at = monotonic()
        done = {outcome.letter_id for outcome in outcomes}
        now = await self.cases()
        ours = []
        for message in messages:
            if message.case.letter.id in done:
                continue
            case = now[message.case.letter.id]
            if case.state == "claimed" and case.claim is not None and case.claim.run == self._run:
                ours.append((message, claimed_at))
            else:
                outcomes.append(Outcome(case.letter.id, "left alone", _already(case)))
        return ours

    def _is_old(self, case: Case) -> bool:
        return case.claim is not None and self._clock() - case.claim.at > CLAIM_HOLDS

    async def _sent_before(self, messages: Iterable[Mended]) -> set[str]:
        """The letters whose messages are in the topics that they came from."""
        wanted = {message.case.letter.id for message in messages}
        topics = sorted({message.case.letter.topic for message in messages})
        if not wanted:
            return set()
        found = set()
        async for record in read_to_end(self._bootstrap, topics):
            found.add(_replayed_letter(record))
        return {name for name in found if name in wanted}

    async def _send(self, producer: AIOKafkaProducer, message: Mended) -> None:
        letter = message.case.letter
        headers = [
            (ID_HEADER, letter.id.encode()),
            ("dead-letter-place", f"{letter.topic}/{letter.partition}/{letter.offset}".encode()),
            ("dead-letter-error", letter.error.encode()),
            ("replayed-by", self._by.encode()),
            ("edited", b"true" if message.edited else b"false"),
        ]
        await _sent(producer, letter.topic, message.key, message.value, headers)

    async def _write(
        self,
        producer: AIOKafkaProducer,
        letter: Letter,
        action: Action,
        *,
        edited: bool = False,
        run: str | None = None,
    ) -> None:
        decision: Decision = decide(
            letter.id, action, run or self._run, by=self._by, why=self._why, at=self._clock(), edited=edited
        )
        await _sent(producer, DEAD_LETTER_DECISIONS, letter.id.encode(), decision.to_bytes(), [])

    @asynccontextmanager
    async def _producer(self) -> AsyncIterator[AIOKafkaProducer]:
        producer = brokers.producer(self._bootstrap, max_request_size=INPUT_MAX_BYTES)
        try:
            await producer.start()
        except KafkaError as error:
            await producer.stop()
            raise brokers.trouble(self._bootstrap, error) from error
        try:
            yield producer
        finally:
            await producer.stop()


async def _sent(
    producer: AIOKafkaProducer, topic: str, key: bytes, value: bytes, headers: list[tuple[str, bytes]]
) -> None:
    try:
        await producer.send_and_wait(topic, value, key=key, headers=headers)
    except KafkaError as error:
        raise Retryable(f"Kafka does not take messages: {error}") from error


def _already(case: Case) -> str:
    last = case.claim if case.state == "claimed" else case.decisions[-1]
    return f"{case.state} by {last.by} at {last.at:%Y-%m-%d %H:%M:%S} UTC" if last else case.state


def _replayed_letter(record: Record) -> str | None:
    return next((value.decode(errors="replace") for name, value in record.headers if name == ID_HEADER), None)
