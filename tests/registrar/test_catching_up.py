"""Late versions against a log in memory, which a worker writes and answers from."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest
from aiokafka import TopicPartition

from stream_app.contracts import encode
from stream_app.durability.book import Book
from stream_app.durability.log import NO_SOURCE, Entry
from stream_app.errors import InvalidInput, Retryable
from stream_app.events import Action, Configure, Features, LeagueConfig, ModelCommand
from stream_app.feeds.schedule import schedule
from stream_app.league.digest import digest
from stream_app.registrar import catching_up
from stream_app.registrar.asking import Told
from stream_app.registrar.catching_up import LateComer, Where
from stream_app.topics import FEATURES, MODEL_COMMANDS, MODEL_EVENTS, RESULTS
from tests.support.matches import played

CUP, LATE = "cup", "naive_bayes_v1"
CONFIG = LeagueConfig(models=("elo_softmax", "base_rate"), reinforce="off")


@dataclass(frozen=True, slots=True)
class Record:
    """A record of the log as a consumer gives it."""

    offset: int
    key: bytes
    value: bytes
    headers: list[tuple[str, bytes]]


class Service:
    """The log of one partition, and a worker that puts commands and matches into it."""

    def __init__(self) -> None:
        self.log: list[Record] = []
        self.book = Book(CUP)
        self.sources: dict[str, int] = {}
        self.is_running = True
        self.matches = schedule(played(CUP, 120))
        self._put("configure", encode(Configure(CUP, CONFIG)), NO_SOURCE)
        self.told: dict[str, Told] = {}

    def play(self, events: int) -> None:
        for _ in range(events):
            event = next(self.matches)
            is_features = isinstance(event, Features)
            self._put("features" if is_features else "result", encode(event), FEATURES if is_features else RESULTS)

    def _put(self, kind: str, payload: bytes, source: str) -> None:
        number = -1 if source == NO_SOURCE else self.sources.get(source, -1) + 1
        self.sources[source] = number
        entry = Entry(kind, CUP, source, number, payload)  # type: ignore[arg-type]  # tests name them right
        # Another competition has the same partition.
        for key in (b"another", entry.key):
            self.log.append(Record(len(self.log), key, entry.payload, entry.headers()))
        for output in self.book.apply(self.log[-1].offset, entry):
            if output.topic == MODEL_EVENTS:
                told = orjson.loads(output.value)
                self.told[told["command_id"]] = told

    async def send(self, _bootstrap: str, command: ModelCommand) -> None:
        if self.is_running:
            self.play(2)
            self._put("command", encode(command), MODEL_COMMANDS)
            self.play(8)

    async def ask(self, bootstrap: str, _partitions: int, command: ModelCommand, *_: object) -> Told | None:
        await self.send(bootstrap, command)
        return self.told.get(command.command_id)

    @asynccontextmanager
    async def reading(self, _bootstrap: str, topic: str, partition: int, offset: int) -> AsyncIterator[Reader]:
        yield Reader(self, TopicPartition(topic, partition), offset)


class Reader:
    """A consumer of the log in memory."""

    def __init__(self, service: Service, place: TopicPartition, offset: int) -> None:
        self.service, self.place, self.offset = service, place, offset

    async def end_offsets(self, places: list[TopicPartition]) -> dict[TopicPartition, int]:
        return dict.fromkeys(places, len(self.service.log))

    async def position(self, _place: TopicPartition) -> int:
        return self.offset

    async def getmany(self, timeout_ms: int) -> dict[TopicPartition, list[Record]]:
        records = self.service.log[self.offset : self.offset + 7]
        self.offset += len(records)
        return {self.place: records} if records else {}


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Service:
    made = Service()

    async def require(*_: object) -> None: ...

    for name, stand_in in (
        ("send", made.send),
        ("ask", made.ask),
        ("reading", made.reading),
        ("require", require),
        ("SAVE_EVERY", 20),
    ):
        monkeypatch.setattr(catching_up, name, stand_in)
    return made


def command(action: Action = "register", model: str | None = LATE, **more: object) -> ModelCommand:
    fields: dict[str, object] = {"who": "anna", "why": "a test", "issued_at": datetime(2026, 1, 1, tzinfo=UTC), **more}
    return ModelCommand(command_id=str(uuid.uuid4()), competition=CUP, action=action, model=model, **fields)  # type: ignore[arg-type]  # tests set any field


def comer(folder: Path, progress: Callable[[int, int], None] = lambda _done, _all: None, **more: object) -> LateComer:
    return LateComer(Where("nowhere", 1, folder, b"key", 0.3), command(**more), progress)  # type: ignore[arg-type]  # tests set any field


def expected_state(service: Service) -> str:
    """The state of the late version, had it been there from the first match."""
    always = Book(CUP)
    config = LeagueConfig(models=(*CONFIG.models, LATE), reinforce="off")
    for record in service.log:
        if record.key == CUP.encode():
            headers = dict(record.headers)
            kind = headers["kind"].decode()
            payload = encode(Configure(CUP, config)) if kind == "configure" else record.value
            if kind not in ("command", "refusal"):
                source, number = headers["source"].decode(), int(headers["source-offset"])
                always.apply(record.offset, Entry(kind, CUP, source, number, payload))  # type: ignore[arg-type]  # as read
    return digest(always.league.squad.members[LATE].model)


def left_in(folder: Path) -> list[Path]:
    """The files of progress."""
    return list(folder.glob("**/*.state"))


async def test_it_comes_in_with_all_that_there_was_to_learn(service: Service, tmp_path: Path) -> None:
    service.play(150)
    seen: list[tuple[int, int]] = []
    told = await comer(tmp_path, lambda done, whole: seen.append((done, whole))).come()
    assert told is not None
    assert (told["kind"], told["model"], told["version"]) == ("joined", LATE, 1)
    assert seen[-1][0] <= seen[-1][1]
    assert digest(service.book.league.squad.members[LATE].model) == expected_state(service)
    assert left_in(tmp_path) == []


async def test_it_goes_on_where_it_was_interrupted(service: Service, tmp_path: Path) -> None:
    service.play(150)

    def interrupt(done: int, _whole: int) -> None:
        if done > 200:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await comer(tmp_path, interrupt).come()
    [left] = left_in(tmp_path)
    seen: list[int] = []
    told = await comer(tmp_path, lambda done, _whole: seen.append(done)).come()
    assert told is not None
    assert told["kind"] == "joined"
    assert seen[0] > 100
    assert left not in left_in(tmp_path)
    assert digest(service.book.league.squad.members[LATE].model) == expected_state(service)


async def test_a_damaged_progress_is_begun_anew(service: Service, tmp_path: Path) -> None:
    service.play(150)
    late = comer(tmp_path)
    late._file.parent.mkdir()
    late._file.write_bytes(b"rubbish")
    told = await late.come()
    assert told is not None
    assert told["kind"] == "joined"


async def test_a_version_that_waits_already_gets_its_state_and_is_not_registered_again(
    service: Service, tmp_path: Path
) -> None:
    service.play(100)
    await service.send("", command())
    service.play(10)
    told = await comer(tmp_path).come()
    assert told is not None
    assert (told["kind"], told["version"]) == ("joined", 1)
    assert digest(service.book.league.squad.members[LATE].model) == expected_state(service)


async def test_one_that_came_and_went_before_is_a_new_version(service: Service, tmp_path: Path) -> None:
    service.play(40)
    assert await comer(tmp_path).come()
    await service.send("", command("retire"))
    told = await comer(tmp_path).come()
    assert told is not None
    assert (told["kind"], told["version"]) == ("joined", 2)


async def test_a_refused_version_is_told_with_the_reason(service: Service, tmp_path: Path) -> None:
    service.play(20)
    with pytest.raises(InvalidInput, match="'base_rate': base_rate 1 is at work"):
        await comer(tmp_path, model="base_rate").come()


async def test_without_a_worker_it_says_so_and_can_be_done_again(service: Service, tmp_path: Path) -> None:
    service.play(20)
    service.is_running = False
    with pytest.raises(Retryable, match="no worker has put the command in order"):
        await comer(tmp_path).come()
    service.is_running = True
    assert await comer(tmp_path).come()


def test_a_version_has_to_have_a_name(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="model is missing"):
        comer(tmp_path, model=None)
