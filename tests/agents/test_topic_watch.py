from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions

from stream_app.agents.topic_watch import watch
from stream_app.dev.process import free_ports
from stream_app.errors import Fatal
from stream_app.topics import RESULTS
from tests.support import programs, topics


async def split(bootstrap: str, topic: str, partitions: int) -> None:
    """Give `topic` more partitions, as `kafka-topics --alter` does."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        await admin.create_partitions({topic: NewPartitions(partitions)})
    finally:
        await admin.close()


async def test_partitions_that_change_under_a_worker_end_it_and_keep_it_from_starting_again(
    clean_kafka: str, tmp_path: Path
) -> None:
    await topics.create_all(clean_kafka, partitions=2)
    watching = asyncio.create_task(watch(clean_kafka, 2, every_s=0.05))
    done, _ = await asyncio.wait([watching], timeout=0.3)
    assert not done
    await split(clean_kafka, RESULTS, 3)
    with pytest.raises(Fatal, match=rf"changed under a running worker: {RESULTS} has 3, wanted 2.*docs/kafka.md"):
        await watching

    worker = await asyncio.to_thread(
        programs.run, "worker", cwd=tmp_path, env=programs.environment(kafka=clean_kafka, partitions=2)
    )
    assert worker.returncode == 2
    assert f"topic {RESULTS}: partitions is 3, wanted 2. See `stream-app topics check`" in worker.stderr


async def test_brokers_that_do_not_answer_are_asked_again() -> None:
    (port,) = free_ports(None)
    watching = asyncio.create_task(watch(f"127.0.0.1:{port}", 2, every_s=0.01))
    done, _ = await asyncio.wait([watching], timeout=0.3)
    assert not done
    watching.cancel()
    with suppress(asyncio.CancelledError):
        await watching
