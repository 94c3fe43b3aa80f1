"""The drill of docs/recovery.md: everything but the match-log is lost, and comes back from it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import orjson
import pytest

from stream_app.dev.process import wait_for
from stream_app.topics import ANALYTICS, CHECKPOINTS, EVALUATIONS, INPUTS, REGISTRY, SCOREBOARD, SNAPSHOTS
from tests.support import commands, programs, topics
from tests.support.service import ID_OF, Published, published, until_kept, until_published
from tests.support.waiting import wait_until

MATCHES = 40
FEED = ("feed", "virtual", "--leagues", "2", "--teams", "4", "--rounds", "10")
TABLES = (SNAPSHOTS, CHECKPOINTS, SCOREBOARD, ANALYTICS, REGISTRY)


@pytest.mark.slow(30)
@pytest.mark.timeout(180)
def test_all_that_is_lost_but_the_log_comes_back_to_the_byte(clean_kafka: str, database: str, tmp_path: Path) -> None:
    env = programs.environment(kafka=clean_kafka, database_url=database, app_id=tmp_path.name, data_dir="data")

    def call(*arguments: str) -> str:
        done = commands.call(*arguments, cwd=tmp_path, env=env)
        assert done.returncode == 0, f"{arguments}\n{done.stdout}{done.stderr}"
        return done.stdout

    call("topics", "create")
    with service(tmp_path, env):
        call(*FEED)
        wait_for(until_kept(clean_kafka, database, MATCHES))
    before, kept = outputs(clean_kafka), rows(database)

    wait_for(topics.delete(clean_kafka, *TABLES, *ID_OF))
    wait_for(execute(database, "drop schema public cascade; create schema public"))
    for file in (tmp_path / "data").glob("evaluation_log*"):
        file.unlink()
    call("topics", "create")
    with service(tmp_path, env):
        wait_for(until_kept(clean_kafka, database, MATCHES))
        wait_until(lambda: proven(call("verify", "--json"), snapshots=2), "all is published again")
    assert outputs(clean_kafka).values == before.values
    assert rows(database) == kept

    wait_for(execute(database, "delete from evaluation_log where event_type <> 'alert'"))
    call("reconcile", "--repair")
    assert rows(database) == kept
    assert "Clean." in call("reconcile")

    wait_for(topics.delete(clean_kafka, *TABLES))
    call("topics", "create")
    assert not proven(call("verify", "--json"), snapshots=2)
    call("rebuild")
    assert proven(call("verify", "--json"), snapshots=2)

    wait_for(topics.delete(clean_kafka, *INPUTS))
    call("topics", "create")
    refused = programs.run("worker", cwd=tmp_path, env=env)
    assert refused.returncode == 70
    assert "the topic was made anew" in refused.stderr + refused.stdout
    with programs.running("worker", cwd=tmp_path, env=env | {"STREAM_APP_INPUT_GENERATION": "2"}):
        call(*FEED[:-1], "12")
        asyncio.run(until_published(clean_kafka, EVALUATIONS, MATCHES + 8))


@contextmanager
def service(folder: Path, env: Mapping[str, str]) -> Iterator[None]:
    """A worker and a sink at work."""
    with programs.running("worker", cwd=folder, env=env), programs.running("sink", cwd=folder, env=env):
        yield


def outputs(bootstrap: str) -> Published:
    """What the output topics hold."""
    return asyncio.run(published(bootstrap))


def proven(report: str, *, snapshots: int) -> bool:
    """Whether `verify` has found everything, nothing still to come, and so many good snapshots."""
    found = orjson.loads(report)
    pending = sum(topic["pending"] for topic in found["report"]["topics"])
    return bool(found["holds"] and not pending and found["report"]["snapshots"]["equal"] == snapshots)


def rows(database: str) -> dict[str, str]:
    """Every event of the evaluation log in the database but its own repairs, by its id, as what it says."""

    async def read() -> dict[str, str]:
        connection = await asyncpg.connect(database)
        try:
            found = await connection.fetch("select * from evaluation_log where event_type <> 'repair'")
        finally:
            await connection.close()
        return {str(row["event_id"]): row["content_hash"] for row in found}

    return asyncio.run(read())


async def execute(database: str, statement: str) -> None:
    """Run one statement."""
    connection = await asyncpg.connect(database)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
