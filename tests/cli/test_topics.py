from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from stream_app.dev.process import free_ports
from stream_app.topics import TOPICS
from tests.support.programs import environment, run

pytestmark = pytest.mark.slow


def test_topics_are_made_once_and_then_found_right(clean_kafka: str, tmp_path: Path) -> None:
    env = environment(kafka=clean_kafka, partitions=2)
    missing = run("topics", "check", cwd=tmp_path, env=env)
    assert missing.returncode == 1
    assert missing.stdout.splitlines() == [f"topic {topic.name}: topic is missing, wanted there" for topic in TOPICS]

    made = run("topics", "create", cwd=tmp_path, env=env)
    assert made.returncode == 0
    assert made.stdout.splitlines() == [
        *(f"made {topic.name}" for topic in TOPICS),
        f"all {len(TOPICS)} topics are as they should be",
    ]

    again = run("topics", "create", "--json", cwd=tmp_path, env=env)
    assert (again.returncode, orjson.loads(again.stdout)) == (
        0,
        {"created": [], "topics": len(TOPICS), "differences": []},
    )

    differing = run("topics", "check", "--json", cwd=tmp_path, env=environment(kafka=clean_kafka, partitions=3))
    assert differing.returncode == 1
    assert orjson.loads(differing.stdout)["differences"][0] == {
        "topic": "match-features",
        "setting": "partitions",
        "found": "2",
        "wanted": "3",
    }


def test_a_broker_that_is_away_ends_with_one_line_and_an_exit_code_of_its_own(tmp_path: Path) -> None:
    (port,) = free_ports(None)
    done = run("topics", "check", cwd=tmp_path, env=environment(kafka=f"127.0.0.1:{port}"))
    assert done.returncode == 3
    assert done.stderr.startswith(f"stream-app: Kafka does not answer at 127.0.0.1:{port}: ")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"kafka": "localhost"}, "settings: STREAM_APP_KAFKA='localhost': wanted host:port[,host:port]"),
        ({"partitions": 0}, "settings: STREAM_APP_PARTITIONS='0': Input should be greater than 0"),
        ({}, "no Kafka: set STREAM_APP_KAFKA=host:port, or start the local stack with `stream-app dev up`"),
    ],
)
def test_a_wrong_setting_ends_with_one_line(settings: dict[str, object], reason: str, tmp_path: Path) -> None:
    done = run("topics", "check", cwd=tmp_path, env=environment(**settings))
    assert done.returncode == 2
    assert done.stderr.startswith(f"stream-app: {reason}")
    assert len(done.stderr.splitlines()) == 1
