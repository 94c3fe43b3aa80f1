"""The live view as a process of its own, beside a real broker."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import orjson
import pytest

from stream_app.contracts import encode
from stream_app.dev.kafka import Kafka
from stream_app.dev.process import Child, wait_for
from tests.support import topics
from tests.support.programs import environment, running
from tests.support.waiting import wait_until
from tests.web.made import TOPIC_OF, Shown


@contextmanager
def web(bootstrap: str, folder: Path, port: int = 0, **settings: object) -> Iterator[tuple[str, Child]]:
    """`stream-app web` on a free port, with `settings`: its address, and the process."""
    log = folder / "web.log"
    log.unlink(missing_ok=True)
    env = environment(kafka=bootstrap, **settings)
    with running("web", "--port", str(port), "--json", cwd=folder, env=env) as child:

        def listens() -> bool:
            child.require_running()
            return log.exists() and b'"address"' in log.read_bytes()

        wait_until(listens, "the live view listens")
        (line,) = [line for line in log.read_bytes().splitlines() if b'"address"' in line]
        yield str(orjson.loads(line)["address"]).rstrip("/"), child


@pytest.fixture(scope="module")
def view(broker: Kafka, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a live view of the session's broker, shared by a module: its tests use competitions of their own."""
    wait_for(topics.delete_all(broker.bootstrap))
    wait_for(topics.create_all(broker.bootstrap))
    with web(broker.bootstrap, tmp_path_factory.mktemp("view")) as (address, _):
        yield address


async def send(bootstrap: str, *events: Shown) -> None:
    """Publish `events` as the workers do."""
    await topics.produce(
        bootstrap, [(TOPIC_OF[type(event)], event.competition.encode(), encode(event)) for event in events]
    )


async def has(view: str, competition: str) -> bool:
    """Whether the view holds a scoreboard of the competition, which the tests send last."""
    async with httpx.AsyncClient() as client:
        answer = await client.get(f"{view}/api/v1/competitions/{competition}")
    return answer.status_code == 200 and answer.json()["scoreboard"] is not None
