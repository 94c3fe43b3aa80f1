from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.consumer import consumer as module
from aiokafka.errors import GroupAuthorizationFailedError, GroupLoadInProgressError, NotCoordinatorForGroupError

from stream_app.agents import faust_edge

LOG = TopicPartition("match-log", 0)


class Brokers:
    """Answer requests for offsets with what was prepared."""

    def __init__(self, *answers: object) -> None:
        self.answers = list(answers)

    async def send(self, *_: object, **__: object) -> object:
        return self.answers.pop(0)


def answer(error_code: int, *offsets: int) -> object:
    topics = [(LOG.topic, [(LOG.partition, offset, "", 0) for offset in offsets])] if offsets else []
    return SimpleNamespace(error_code=error_code, topics=topics)


def coordinator(brokers: Brokers) -> Any:
    """The coordinator that a consumer would make, without a connection."""
    made = module.GroupCoordinator.__new__(module.GroupCoordinator)
    made.group_id, made.coordinator_id, made._client, made._retry_backoff_ms = "workers", 1, brokers, 1
    made.dead = 0

    async def known() -> None:
        made.coordinator_id = 1

    def dead() -> None:
        made.dead += 1

    made.ensure_coordinator_known, made.coordinator_dead = known, dead
    return made


async def test_a_coordinator_that_is_still_loading_is_asked_again_and_not_taken_for_one_without_offsets() -> None:
    loading = GroupLoadInProgressError.errno
    asked = coordinator(Brokers(answer(loading), answer(loading), answer(0, 4711)))
    found = await asked.fetch_committed_offsets([LOG])
    assert found[LOG].offset == 4711


async def test_a_coordinator_that_has_moved_is_looked_for_again() -> None:
    asked = coordinator(Brokers(answer(NotCoordinatorForGroupError.errno), answer(0, 4711)))
    assert (await asked.fetch_committed_offsets([LOG]))[LOG].offset == 4711
    assert asked.dead == 1


async def test_a_group_without_offsets_has_none() -> None:
    assert await coordinator(Brokers(answer(0, -1))).fetch_committed_offsets([LOG]) == {}


async def test_any_other_error_is_raised() -> None:
    refused = GroupAuthorizationFailedError
    with pytest.raises(refused, match="offsets of group workers"):
        await coordinator(Brokers(answer(refused.errno))).fetch_committed_offsets([LOG])


def test_consumers_get_this_coordinator() -> None:
    assert module.GroupCoordinator is faust_edge._Coordinator
