"""What `stream-app evidence` shows."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from stream_app import cli
from stream_app.brokers import Brokers
from stream_app.evidence_watch import watcher
from stream_app.lifecycle.pooling import Pool
from stream_app.settings import Settings
from tests.lifecycle.test_pooling import pool_of, season


def shown(monkeypatch: pytest.MonkeyPatch, pool: Pool, *options: str) -> str:
    """The output when the evaluations give this evidence."""

    async def gather(bootstrap: Brokers, settings: Settings) -> Pool:
        assert bootstrap.address == "nowhere:9092"
        return pool

    monkeypatch.setenv("STREAM_APP_KAFKA", "nowhere:9092")
    monkeypatch.setattr(watcher, "gather", gather)
    answer = CliRunner().invoke(cli.build(), ["evidence", *options])
    assert answer.exit_code == 0, answer.output
    return answer.output


def test_every_pair_is_shown_for_all_competitions_and_for_each(monkeypatch: pytest.MonkeyPatch) -> None:
    pool = pool_of(season("north", 400) + season("south", 22))
    lines = shown(monkeypatch, pool).splitlines()
    assert lines[0] == "all competitions"
    assert lines[1].startswith("  new against old: better, e-value ")
    assert " in 418 matches; difference +0." in lines[1]
    assert [line for line in lines if not line.startswith(" ")] == ["all competitions", "north", "south"]
    assert "open" in lines[5] or "leaning" in lines[5]


def test_the_same_is_told_to_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    told = json.loads(shown(monkeypatch, pool_of(season("north", 30)), "--json"))
    (together,), (own,) = told["all"], told["competitions"]["north"]
    assert (together["scope"], own["scope"]) == ("all", "competition")
    assert together["matches"] == own["matches"] == 28
    assert together["since"].startswith("2024-08-03T")


def test_without_evaluations_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    assert shown(monkeypatch, pool_of([])) == "There are no evaluations yet.\n"
