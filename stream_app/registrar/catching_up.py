"""How a version that comes late gets its state: read the history of its competition aside, then hand over.

First the log is folded to its end, which may take minutes and disturbs nobody. Then the version is registered, by a
command that gets a place in the order like everything else; the fold goes on to exactly that place, which takes a
moment, and what the model knows there is handed over by a second command. What the competition learns between the two
commands is kept by the workers in the version's journal, so that it misses nothing and learns nothing twice. The state
is in the log, so a fold of the log needs nothing else.

Whatever dies in between, doing it again goes on: the progress of the fold is kept in a file, and a version that waits
for its state already is not registered a second time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from pathlib import Path

import orjson
from aiokafka import AIOKafkaConsumer, TopicPartition

from stream_app import brokers
from stream_app.contracts import COMMAND_MAX_BYTES, encode
from stream_app.durability.artefact import as_text, seal
from stream_app.durability.log import read_entry
from stream_app.durability.snapshot import SnapshotInfo, SnapshotRefused, freeze, thaw
from stream_app.durability.understudy import Understudy
from stream_app.errors import InvalidInput, Retryable
from stream_app.events import ModelCommand, name_id
from stream_app.lifecycle.handover import Handover
from stream_app.partitioning import partition_of
from stream_app.registrar.asking import Told, ask, reading, send
from stream_app.topic_admin import require
from stream_app.topics import LOG, MODEL_COMMANDS, MODEL_EVENTS

SAVE_EVERY = 5_000
"""Entries between two savings of the progress: some seconds of work."""

FETCH_MS = 200

Progress = Callable[[int, int], None]
"""Called with the entries that were read, and those there are."""


@dataclass(frozen=True, slots=True)
class Where:
    """Where the service is, and what is known of it.

    `folder` is where the progress is kept, `key` signs states, and `patience_s` are the seconds for which a worker is
    waited for.
    """

    bootstrap: brokers.Where
    partitions: int
    folder: Path
    key: bytes
    patience_s: float


class LateComer:
    """Brings one version into a competition.

    Parameters
    ----------
    register
        The command that registers it.
    start, after
        What it has learned before, and up to which kickoff that holds the matches of this competition.
    """

    def __init__(
        self,
        where: Where,
        register: ModelCommand,
        progress: Progress,
        start: Handover | None = None,
        after: datetime | None = None,
    ) -> None:
        if register.model is None:
            raise InvalidInput("model is missing: wanted the name of the one to register")
        self._where = where
        self._register = register
        self._model = register.model
        self._algorithm = register.algorithm or register.model
        self._start = start
        self._after = after
        self._ready: Handover | None = None
        self._progress = progress
        self._partition = partition_of(register.competition.encode(), where.partitions)
        learned = "" if start is None else start.knowledge.chain.hex()
        name = name_id("catching up", register.competition, self._model, self._algorithm, learned, str(after))
        self._file = where.folder / "catching-up" / f"{name}.state"

    async def come(self) -> Told | None:
        """Register the version and hand its state over; the event of the worker, or None without an answer in time.

        Raises
        ------
        InvalidInput
            The version is refused.
        Retryable
            The brokers, or the workers, do not answer. Doing it again goes on where it ended.
        """
        await require(self._where.bootstrap, (LOG, MODEL_COMMANDS, MODEL_EVENTS))
        understudy = self._resumed()
        async with reading(self._where.bootstrap, LOG, self._partition, understudy.position + 1) as log:
            await self._read(log, understudy, to_end=True)
            if self._ready is None:
                await send(self._where.bootstrap, self._register)
                await self._read(log, understudy, to_end=False)
                if self._ready is None:
                    raise Retryable(
                        f"no worker has put the command in order within {self._where.patience_s:g} s; is one running?"
                        " The version will be registered when one is; then do this again"
                    )
        told = await self._hand_over(self._ready)
        self._file.unlink(missing_ok=True)
        return told

    async def _read(self, log: AIOKafkaConsumer, understudy: Understudy, *, to_end: bool) -> None:
        """Fold the log to where it ends now; or else until the version waits for its state, or patience ends."""
        place = TopicPartition(LOG, self._partition)
        end = (await log.end_offsets([place]))[place]
        until = asyncio.get_running_loop().time() + self._where.patience_s
        saved = understudy.position
        while (await log.position(place) < end) if to_end else (asyncio.get_running_loop().time() < until):
            records = (await log.getmany(timeout_ms=FETCH_MS)).get(place, [])
            for read, record in enumerate(records):
                if record.key != self._register.competition.encode():
                    continue
                outputs = understudy.apply(record.offset, read_entry(record.key, record.value, record.headers))
                for output in outputs:
                    self._look(output.topic, output.value)
                self._take(understudy)
                if self._ready is not None and not to_end:
                    return
                if read % 100 == 0:
                    await asyncio.sleep(0)
            self._progress(min(await log.position(place), end), end)
            if understudy.position - saved >= SAVE_EVERY and self._ready is None:
                saved = understudy.position
                self._save(understudy)

    def _take(self, understudy: Understudy) -> None:
        """Take the state at the place at which the version begins to wait for it; forget it when it does no more."""
        waiting = understudy.waits(self._model)
        if waiting is None:
            self._ready = None
        elif self._ready is None or self._ready.contender != waiting:
            self._ready = understudy.handover(self._model)

    def _look(self, topic: str, value: bytes) -> None:
        """Raise InvalidInput when the version was refused."""
        if topic == MODEL_EVENTS:
            told = orjson.loads(value)
            if told["command_id"] == self._register.command_id and told["kind"] == "refused":
                raise InvalidInput(f"model {self._model!r}: {told['reason']}")

    async def _hand_over(self, handover: Handover) -> Told | None:
        contender = handover.contender
        artefact = seal(handover, self._where.key)
        command = replace(
            self._register,
            command_id=name_id("hand over", self._register.competition, sha256(artefact).hexdigest()),
            action="handover",
            version=contender.version,
            algorithm=None,
            alias=None,
            artefact=as_text(artefact),
        )
        if (size := len(encode(command))) > COMMAND_MAX_BYTES:
            raise InvalidInput(
                f"the state of {contender.model!r} takes {size} bytes: wanted at most {COMMAND_MAX_BYTES}"
            )
        where = self._where
        return await ask(where.bootstrap, where.partitions, command, where.patience_s, self._send)

    async def _send(self, command: ModelCommand) -> None:
        await send(self._where.bootstrap, command)

    # Progress

    def _resumed(self) -> Understudy:
        """The fold as it was left; a new one when there is none, or it cannot be used."""
        competition = self._register.competition
        fresh = Understudy(competition, self._algorithm, self._start, self._after)
        try:
            left = thaw(self._file.read_bytes(), self._where.key)
        except (FileNotFoundError, SnapshotRefused):
            return fresh
        return left if isinstance(left, Understudy) else fresh

    def _save(self, understudy: Understudy) -> None:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        blob = freeze(understudy, SnapshotInfo(self._register.competition, understudy.position), self._where.key)
        unfinished = self._file.with_suffix(".new")
        unfinished.write_bytes(blob)
        unfinished.replace(self._file)
