"""The metrics of real processes, as Prometheus scrapes them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TypeAlias

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from stream_app.dev.process import Child, free_ports, wait_for
from stream_app.topics import DEAD_LETTERS, EVALUATIONS, FEATURES, LOG, PREDICTIONS
from tests.support import programs, topics
from tests.support.matches import messages, played
from tests.support.waiting import until

PROCESSES = ("worker", "sink", "web", "watch-evidence")
MATCHES = 40

Scraped: TypeAlias = dict[tuple[str, tuple[str, ...]], float]
"""Values by the name of a sample and the values of its labels, in the order of the labels' names."""


@pytest.fixture
def processes(clean_kafka: str, tmp_path: Path) -> Iterator[dict[str, tuple[Child, int]]]:
    """Running processes by name, with the port at which each shows its metrics."""
    wait_for(topics.create_all(clean_kafka))
    chosen = dict(zip(PROCESSES, free_ports(*[None] * len(PROCESSES)), strict=True))
    with ExitStack() as stack:
        running: dict[str, tuple[Child, int]] = {}
        for name, port in chosen.items():
            env = programs.environment(kafka=clean_kafka, app_id="metrics", metrics_port=port, web_port=0)
            running[name] = stack.enter_context(programs.running(name, cwd=tmp_path, env=env)), port
        yield running


async def scrape(port: int) -> Scraped:
    async with httpx.AsyncClient() as client:
        try:
            answer = await client.get(f"http://127.0.0.1:{port}/metrics")
        except httpx.ConnectError:
            return {}
    return {
        (sample.name, tuple(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def total(found: Scraped, name: str, *labels: str) -> float:
    """The sum of all samples called `name` whose labels have `labels` among their values."""
    return sum(value for (of, values), value in found.items() if of == name and set(labels) <= set(values))


@pytest.mark.timeout(200)
async def test_every_process_counts_what_goes_in_and_out_and_how_far_it_is(
    clean_kafka: str, processes: dict[str, tuple[Child, int]]
) -> None:
    found: dict[str, Scraped] = {}

    async def ready() -> bool:
        async with httpx.AsyncClient() as client:
            for child, port in processes.values():
                child.require_running()
                try:
                    answer = await client.get(f"http://127.0.0.1:{port}/readyz")
                except httpx.ConnectError:
                    return False
                if answer.status_code != 200:
                    return False
        return True

    async def done() -> bool:
        found.update({name: await scrape(port) for name, (_, port) in processes.items()})
        read = total(found["watch-evidence"], "stream_app_messages_read_total")
        kept = total(found["sink"], "stream_app_log_events_total", "csv")
        # The live view looks at the ends of its topics once a second.
        unread = sum(total(scraped, "stream_app_lag") for scraped in found.values())
        measured = total(found["web"], "stream_app_rolling_log_loss", "base_rate")
        # A snapshot counts when it is sent, a checkpoint when all of it is on record.
        sent = total(found["worker"], "stream_app_snapshot_bytes_sum")
        on_record = total(found["worker"], "stream_app_checkpoint_bytes_sum") >= sent > 0
        return read == MATCHES and kept >= 2 * MATCHES and unread == 0 and measured > 0 and on_record

    bad = [(FEATURES, b"alpha", b"no JSON"), (FEATURES, b"alpha", b"{}")]
    await topics.produce(clean_kafka, [*bad, *messages(played("alpha", MATCHES))])
    await until(ready, "all processes are ready", 90.0)
    await until(done, "everything is read, and shown", 60.0)
    worker = found["worker"]

    assert total(worker, "stream_app_entries_ordered_total") == 2 * MATCHES
    assert total(worker, "stream_app_barrier_seconds_count") == 2 * MATCHES + 1
    assert total(worker, "stream_app_prediction_seconds_count") == MATCHES
    assert 0 < total(worker, "stream_app_prediction_seconds_sum") < 60 * MATCHES
    assert total(worker, "stream_app_outputs_total", PREDICTIONS) == MATCHES
    assert total(worker, "stream_app_dead_letters_total", FEATURES, "json") == 1
    assert total(worker, "stream_app_dead_letters_total", FEATURES, "schema") == 1
    assert total(worker, "stream_app_recovery_seconds_count") == 1
    assert total(worker, "stream_app_checkpoint_bytes_sum") >= total(worker, "stream_app_snapshot_bytes_sum") > 1_000
    assert ("stream_app_lag", ("0", "log", LOG)) in worker
    assert total(found["web"], "stream_app_messages_read_total", EVALUATIONS) == MATCHES
    assert ("stream_app_lag", ("0", "web", DEAD_LETTERS)) in found["web"]
    assert total(found["sink"], "stream_app_messages_read_total", "sink csv", PREDICTIONS) == MATCHES
