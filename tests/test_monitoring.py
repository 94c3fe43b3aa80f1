from __future__ import annotations

import re
import socket
from pathlib import Path

import httpx
import pytest
from prometheus_client import REGISTRY

from stream_app import metrics
from stream_app.errors import InvalidInput
from stream_app.monitoring import Readiness, monitored
from stream_app.settings import load

ROOT = Path(__file__).parent.parent


def address(caplog: pytest.LogCaptureFixture) -> str:
    found = re.search(r"http://127\.0\.0\.1:\d+", caplog.text)
    assert found
    return found.group()


def test_a_process_that_is_not_ready_says_why_until_it_is(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    readiness = Readiness(csv="not opened yet")
    with monitored(load(metrics_port=0), readiness):
        url = address(caplog)
        readiness.wants("postgres", "connection refused")
        early = httpx.get(f"{url}/readyz")
        alive = httpx.get(f"{url}/livez")
        readiness.has("csv")
        readiness.has("postgres")
        late = httpx.get(f"{url}/readyz")

    assert (early.status_code, early.text) == (503, "csv: not opened yet; postgres: connection refused\n")
    assert (alive.status_code, late.status_code) == (200, 200)


def test_metrics_are_shown_as_prometheus_reads_them(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    with monitored(load(metrics_port=0), Readiness()):
        url = address(caplog)
        metrics.SNAPSHOTS_REFUSED.inc(7)
        shown = httpx.get(f"{url}/metrics")
        elsewhere = httpx.get(f"{url}/secrets")

    assert re.search(r"^stream_app_snapshots_refused_total [0-9.]+$", shown.text, re.MULTILINE)
    assert elsewhere.status_code == 404


def test_nothing_listens_when_no_port_is_set(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    with monitored(load(), Readiness()):
        assert "http://" not in caplog.text


def test_a_port_that_is_taken_is_named() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with (
            pytest.raises(InvalidInput, match=f"STREAM_APP_METRICS_PORT={port}: cannot listen there: Address already"),
            monitored(load(metrics_port=port), Readiness()),
        ):
            pass


def test_the_operations_page_lists_every_metric_with_its_meaning() -> None:
    page = (ROOT / "docs" / "operations.md").read_text()
    ours = [metric for metric in REGISTRY.collect() if metric.name.startswith("stream_app_")]
    assert len(ours) > 10
    for metric in ours:
        assert f"| `{metric.name}` | {metric.type} | {metric.documentation} |" in page
