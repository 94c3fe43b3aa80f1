from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from stream_app.dev.postgres import Postgres
from stream_app.errors import InvalidInput
from stream_app.evaluation_log.csv_log import read
from stream_app.evaluation_log.logger import EvaluationLogger, get_async_logger, get_logger
from stream_app.evaluation_log.row import LogRow
from stream_app.events import Outcome

PROBABILITIES: dict[Outcome, float] = {"H": 0.5, "D": 0.3, "A": 0.2}


@pytest.fixture
def log(tmp_path: Path) -> Iterator[EvaluationLogger]:
    with get_logger(tmp_path) as log:
        yield log


def only(folder: Path) -> LogRow:
    (row,) = read(folder)
    return row


def test_a_prediction_is_kept_with_what_was_said_of_it(log: EvaluationLogger, tmp_path: Path) -> None:
    event_id = log.log_prediction(
        "my_model", "m-1", PROBABILITIES, 0.5, competition="cup", model_version=3, metadata={"why": "form"}
    )
    row = only(tmp_path)
    assert (row.event_id, row.event_type, row.prediction_id) == (event_id, "prediction", event_id)
    assert (row.model_id, row.model_version, row.match_id, row.competition) == ("my_model", 3, "m-1", "cup")
    assert (row.outcome, row.confidence, row.p_home, row.p_draw, row.p_away) == ("H", 0.5, 0.5, 0.3, 0.2)
    assert row.kafka_topic is None
    assert json.loads(row.metadata)["metadata"] == {"why": "form"}


def test_an_evaluation_is_linked_to_its_prediction_and_scored(log: EvaluationLogger, tmp_path: Path) -> None:
    of = log.log_prediction("my_model", "m-1", PROBABILITIES, 0.5)
    event_id = log.log_evaluation(of, "D", 0.0)
    _, row = read(tmp_path)
    assert (row.event_id, row.event_type, row.prediction_id) == (event_id, "evaluation", of)
    assert (row.model_id, row.match_id, row.outcome, row.actual, row.hit) == ("my_model", "m-1", "H", "D", False)
    assert row.log_loss == pytest.approx(-math.log(0.3))
    assert row.rps == pytest.approx(0.145)
    assert row.brier == pytest.approx(0.78)
    assert json.loads(row.metadata)["accuracy"] == 0.0


def test_a_bare_outcome_is_evaluated_without_scores_of_probabilities(log: EvaluationLogger, tmp_path: Path) -> None:
    log.log_evaluation(log.log_prediction("my_model", "m-1", "A", 0.7), "A", 1.0)
    _, row = read(tmp_path)
    assert (row.outcome, row.confidence, row.hit, row.log_loss) == ("A", 0.7, True, None)


def test_a_training_is_kept_with_what_was_measured(log: EvaluationLogger, tmp_path: Path) -> None:
    log.log_training("my_model", competition="cup", model_version=2, metrics={"log_loss": 0.98})
    row = only(tmp_path)
    assert (row.event_type, row.model_id, row.model_version, row.competition) == ("training", "my_model", 2, "cup")
    assert json.loads(row.metadata)["metrics"] == {"log_loss": 0.98}


@pytest.mark.parametrize(
    ("change", "culprit"),
    [
        ({"model_id": ""}, "model_id ''"),
        ({"match_id": "a\nb"}, "match_id"),
        ({"prediction": "X"}, "prediction 'X'"),
        ({"prediction": {"H": 0.5, "D": 0.5}}, "A None"),
        ({"prediction": {"H": 0.5, "D": 0.3, "A": 0.5}}, "sum to 1"),
        ({"prediction": {"H": 1.0, "D": 0.0, "A": 0.0}}, "above 0"),
        ({"confidence": 1.1}, r"confidence 1\.1"),
        ({"confidence": math.nan}, "confidence nan"),
        ({"model_version": -1}, "model_version -1"),
        ({"competition": "a\x00"}, "competition"),
        ({"metadata": {"name": "a\x00"}}, "zero character"),
        ({"metadata": {"what": object()}}, "wanted what JSON can say"),
    ],
)
def test_a_wrong_argument_is_told_and_nothing_is_kept(
    log: EvaluationLogger, tmp_path: Path, change: dict[str, Any], culprit: str
) -> None:
    right: dict[str, Any] = {"model_id": "my_model", "match_id": "m-1", "prediction": PROBABILITIES, "confidence": 0.5}
    with pytest.raises(InvalidInput, match=culprit):
        log.log_prediction(**(right | change))
    assert list(read(tmp_path)) == []


@pytest.mark.parametrize("event_id", ["no id", "7e57c0de-1d2c-5b3a-8f4e-5a6b7c8d9e0f"])
def test_an_evaluation_of_nothing_is_told(log: EvaluationLogger, event_id: str) -> None:
    with pytest.raises(InvalidInput, match="event_id"):
        log.log_evaluation(event_id, "H", 1.0)


def test_a_training_cannot_be_evaluated(log: EvaluationLogger) -> None:
    with pytest.raises(InvalidInput, match="no such prediction"):
        log.log_evaluation(log.log_training("my_model"), "H", 1.0)


def test_the_log_can_be_closed_twice(log: EvaluationLogger) -> None:
    log.log_training("my_model")
    log.close()
    log.close()


async def test_both_stores_hold_the_same_and_the_views_show_it(database: str, tmp_path: Path) -> None:
    async with get_async_logger(tmp_path, database) as log:
        evaluated = await log.log_prediction("my_model", "m-1", PROBABILITIES, 0.5, competition="cup")
        await log.log_evaluation(evaluated, "H", 1.0)
        waiting = await log.log_prediction("my_model", "m-2", PROBABILITIES, 0.5, competition="cup")
        await log.log_training("my_model")
        report = await log.reconcile_logs()
    assert report.clean
    assert report.events == {"csv": 4, "postgres": 4}
    connection = await asyncpg.connect(database)
    accuracy = await connection.fetchrow("select * from accuracy_by_model")
    waits = await connection.fetchrow("select * from open_predictions")
    await connection.close()
    assert (accuracy["model"], accuracy["matches"], accuracy["accuracy"]) == ("my_model", 1, 1)
    assert str(waits["prediction_id"]) == waiting


async def test_it_works_where_a_loop_is_running(tmp_path: Path) -> None:
    with get_logger(tmp_path) as log:
        log.log_training("my_model")
    assert only(tmp_path).event_type == "training"


async def test_several_at_once_are_all_kept(database: str, tmp_path: Path) -> None:
    async with get_async_logger(tmp_path, database) as log:
        ids = await asyncio.gather(*(log.log_training("my_model") for _ in range(20)))
        assert (await log.reconcile_logs()).events == {"csv": 20, "postgres": 20}
    assert sorted(row.event_id for row in read(tmp_path)) == sorted(ids)


async def test_a_database_that_is_away_is_made_up_for_later(
    own_postgres: Postgres, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with get_async_logger(tmp_path, own_postgres.url) as log:
        of = await log.log_prediction("my_model", "m-1", PROBABILITIES, 0.5)
        own_postgres.stop()
        await log.log_evaluation(of, "H", 1.0)
        assert "in the CSV log alone until the logs are reconciled" in caplog.text
        own_postgres.start()
        await log.log_training("my_model")
        assert not (await log.reconcile_logs()).clean
        assert (await log.reconcile_logs(repair=True)).clean
        assert (await log.reconcile_logs()).groups == []
