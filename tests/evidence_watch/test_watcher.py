"""The watch over the evidence, on real Kafka."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from stream_app import topic_admin
from stream_app.contracts import decode, encode
from stream_app.errors import InvalidInput
from stream_app.events import Evaluation, ModelCommand
from stream_app.evidence_watch.watcher import gather, watch
from stream_app.monitoring import Readiness
from stream_app.settings import load
from stream_app.topics import EVALUATIONS, MODEL_COMMANDS, by_name
from tests.lifecycle.test_pooling import season
from tests.support import topics
from tests.support.waiting import until

SETTINGS = load(promote_scope="all", cold_matches=2)


@asynccontextmanager
async def watching(bootstrap: str) -> AsyncIterator[None]:
    """The watch at work."""
    stopped = asyncio.Event()
    task = asyncio.create_task(watch(bootstrap, SETTINGS, stopped, Readiness()))
    yield
    stopped.set()
    await task


async def send(bootstrap: str, evaluations: list[Evaluation]) -> None:
    await topics.produce(bootstrap, [(EVALUATIONS, each.competition.encode(), encode(each)) for each in evaluations])


async def commands(bootstrap: str) -> list[ModelCommand]:
    """All commands so far, by competition."""
    found = []
    for record in await topics.read_all(bootstrap, MODEL_COMMANDS):
        assert record.value is not None
        command = decode("command", record.value)
        assert isinstance(command, ModelCommand)
        assert record.key == command.competition.encode()
        found.append(command)
    return sorted(found, key=lambda command: command.competition)


async def test_what_all_competitions_prove_is_proposed_in_each_of_them_and_again_under_the_same_ids(
    clean_kafka: str,
) -> None:
    await topic_admin.create(
        clean_kafka, partitions=3, replication=1, topics=[by_name(EVALUATIONS), by_name(MODEL_COMMANDS)]
    )
    leagues = [season(f"league {number}", 120) for number in range(4)]
    await send(clean_kafka, [*leagues[0], *leagues[1]])
    await topics.produce(clean_kafka, [(EVALUATIONS, b"league 0", b"no evaluation")])
    async with watching(clean_kafka):
        await send(clean_kafka, [*leagues[2], *leagues[3]])

        async def all_are_proposed() -> bool:
            return len(await commands(clean_kafka)) >= 4

        await until(all_are_proposed, "all four are proposed")
    first = await commands(clean_kafka)
    assert {command.competition for command in first} == {f"league {number}" for number in range(4)}
    assert {(command.action, command.model) for command in first} == {("propose", "new")}

    pool = await gather(clean_kafka, SETTINGS)
    again = sorted(pool.proposals(), key=lambda command: command.competition)
    ids = {command.command_id for command in first}
    assert {command.command_id for command in again} <= ids
    assert [told.matches for told in pool.comparisons(0.05)] == [4 * 118]


async def test_without_topics_it_says_how_to_make_them(clean_kafka: str) -> None:
    with pytest.raises(InvalidInput, match="make them with `stream-app topics create`"):
        await watch(clean_kafka, SETTINGS, asyncio.Event(), Readiness())
