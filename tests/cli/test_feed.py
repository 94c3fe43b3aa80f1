from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from stream_app.contracts import encode
from stream_app.feeds.schedule import schedule
from stream_app.topics import FEATURES, RESULTS
from tests.support import topics
from tests.support.matches import messages, played
from tests.support.programs import environment, run

pytestmark = pytest.mark.slow


async def test_a_file_of_both_kinds_goes_to_both_topics_and_bad_lines_are_told(
    clean_kafka: str, tmp_path: Path
) -> None:
    await topics.create_all(clean_kafka)
    matches = played("a", 30)
    lines = [encode(event) for event in schedule(matches)]
    (tmp_path / "a.jsonl").write_bytes(b"\n".join([*lines[:10], b"{}", *lines[10:]]))
    done = run("feed", "jsonl", "a.jsonl", "--json", cwd=tmp_path, env=environment(kafka=clean_kafka))
    assert done.returncode == 1
    sent = orjson.loads(done.stdout)
    assert (sent["features"], sent["results"]) == (30, 30)
    assert "a.jsonl:11: neither as_of nor finished_at is there" in done.stderr
    assert done.stderr.endswith("stream-app: 1 lines were left out\n")
    for topic in (FEATURES, RESULTS):
        found = [(record.topic, record.key, record.value) for record in await topics.read_all(clean_kafka, topic)]
        assert found == [message for message in messages(matches) if message[0] == topic]


async def test_the_bundesliga_goes_to_the_topics(clean_kafka: str, tmp_path: Path) -> None:
    await topics.create_all(clean_kafka)
    done = run("feed", "bundesliga", cwd=tmp_path, env=environment(kafka=clean_kafka))
    assert done.returncode == 0
    assert done.stdout.startswith("sent 14,018 match features and 14,018 results in ")
    assert "14018/14018 matches" in done.stderr


def test_a_wrong_speed_ends_with_one_line(tmp_path: Path) -> None:
    done = run("feed", "bundesliga", "--speed", "fast", cwd=tmp_path, env=environment(kafka="127.0.0.1:1"))
    assert done.returncode == 2
    assert done.stderr == "stream-app: speed 'fast': wanted `max`, or a number of matches a second above 0\n"


def test_a_missing_file_ends_with_one_line(tmp_path: Path) -> None:
    done = run("feed", "jsonl", "a.jsonl", cwd=tmp_path, env=environment(kafka="127.0.0.1:1"))
    assert done.returncode == 2
    assert done.stderr == "stream-app: file a.jsonl: No such file or directory; wanted a file of JSON Lines\n"
