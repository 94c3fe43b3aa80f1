"""What there is to be asked: trained models, models at work in competitions, and the services beside them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from stream_app.brokers import NotAllowed
from stream_app.connections import bootstrap_servers, database_url
from stream_app.errors import InvalidInput, Retryable
from stream_app.settings import Settings
from stream_app.workbench.leagues import SavedLeagues
from stream_app.workbench.shelf import BUILT_IN, DEFAULT_MODEL, Shelf, Shelved, built_in

PATIENCE_S = 3.0
"""How long an overview waits for a service before it goes on without."""


@dataclass(frozen=True, slots=True)
class KnownModel:
    """One version of a model on this machine, and why it cannot be asked (None: it can)."""

    entry: Shelved
    trouble: str | None
    newest: bool


@dataclass(frozen=True, slots=True)
class Service:
    """A part of the service beside this machine's models: what it is, where, and how it does."""

    name: str
    where: str | None
    state: str


@dataclass(frozen=True, slots=True)
class Overview:
    """All of it. `scoreboards` are the messages of the topic by that name, one a competition; `saved_leagues` are the
    competitions that a back-test has left on this machine.
    """

    default_model: str
    models: Sequence[KnownModel]
    saved_leagues: Sequence[str]
    scoreboards: Sequence[dict[str, Any]]
    services: Sequence[Service]

    @property
    def healthy(self) -> bool:
        """Whether every model can be asked, and no service that is named is away."""
        return all(known.trouble is None for known in self.models) and all(
            service.state != "away" for service in self.services
        )


def overview(settings: Settings, shelf: Shelf, leagues: SavedLeagues) -> Overview:
    """What there is now. A service that is not there or does not answer is said to be so."""
    entries = shelf.entries()
    newest = {entry.model: entry.version for entry in entries}
    known = [KnownModel(entry, shelf.trouble(entry), newest[entry.model] == entry.version) for entry in entries]
    known += [KnownModel(built_in(name).entry, None, newest=True) for name in BUILT_IN if name not in newest]
    kafka, boards = _kafka(settings)
    services = [kafka, _database(settings), _log(settings.data_dir)]
    return Overview(DEFAULT_MODEL, known, leagues.names(), boards, services)


def _kafka(settings: Settings) -> tuple[Service, list[dict[str, Any]]]:
    try:
        bootstrap = bootstrap_servers(settings)
    except InvalidInput as error:
        return Service("Kafka", settings.kafka, str(error) if settings.kafka else "none is named"), []
    address = str(bootstrap)
    from stream_app.topic_reader import read_to_end
    from stream_app.topics import SCOREBOARD

    async def read() -> list[dict[str, Any]]:
        boards: dict[bytes, bytes] = {}
        async with asyncio.timeout(PATIENCE_S):
            async for record in read_to_end(bootstrap, [SCOREBOARD]):
                if record.key and record.value:
                    boards[record.key] = record.value
        return [orjson.loads(boards[key]) for key in sorted(boards)]

    try:
        return Service("Kafka", address, "answers"), asyncio.run(read())
    except NotAllowed as error:
        return Service("Kafka", address, str(error)), []
    except InvalidInput:
        return Service("Kafka", address, "answers, and has no topics"), []
    except (Retryable, TimeoutError):
        return Service("Kafka", address, "away"), []


def _database(settings: Settings) -> Service:
    url = database_url(settings)
    if url is None:
        return Service("database", None, "none is named")
    from stream_app.evaluation_log.database import connected, shown

    async def connect() -> None:
        async with asyncio.timeout(PATIENCE_S), connected(url):
            return

    try:
        asyncio.run(connect())
    except (Retryable, TimeoutError):
        return Service("database", shown(url), "away")
    return Service("database", shown(url), "answers")


def _log(folder: Path) -> Service:
    from stream_app.evaluation_log.csv_files import active

    file = active(folder)
    if not file.exists():
        return Service("evaluation log", str(file), "nothing kept yet")
    return Service("evaluation log", str(file), f"{file.stat().st_size:,} bytes this month")
