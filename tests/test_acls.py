from __future__ import annotations

import json
from pathlib import Path

import pytest

from stream_app.acls import PARTS, Entry, commands, entries, table
from stream_app.errors import InvalidInput
from stream_app.evaluation_log.row import LOGGED_TOPICS
from stream_app.notify import notice
from stream_app.topics import TOPICS
from stream_app.web.view import TOPICS_VIEWED
from tests.support import programs

DOCS = Path(__file__).parents[1] / "docs" / "kafka.md"


def test_the_page_on_kafka_has_the_table() -> None:
    assert table() in DOCS.read_text(encoding="utf-8")


def test_parts_may_read_what_their_modules_read() -> None:
    assert set(LOGGED_TOPICS) <= set(PARTS["sink"].topics["Read"])
    assert set(TOPICS_VIEWED) == set(PARTS["web"].topics["Read"])
    assert set(notice.TOPICS) == set(PARTS["notify"].topics["Read"])


def test_only_workers_and_operators_may_write_what_workers_believe() -> None:
    for name, part in PARTS.items():
        trusted = {"match-log", "snapshots", "checkpoints"} & set(part.topics.get("Write", ()))
        assert not trusted or name in ("worker", "operator"), name
    assert [name for name, part in PARTS.items() if "match-log" in part.topics.get("Write", ())] == ["worker"]


def test_names_have_the_prefix_and_each_entry_comes_once() -> None:
    found = entries(["sink", "notify"], "User:reader", prefix="football.", group="football.live")
    assert len(set(found)) == len(found)
    assert Entry("User:reader", "Write", "topic", "football.dead-letters") in found
    assert Entry("User:reader", "Read", "group", "football.live-sink-", "prefixed") in found
    assert {entry.principal for entry in entries(["feed"], None, prefix="", group="g")} == {"User:feed"}


def test_a_part_that_there_is_not_is_refused() -> None:
    with pytest.raises(InvalidInput, match="part 'barista': wanted one of feed, gateway, worker"):
        entries(["barista"], None, prefix="", group="g")


def test_the_commands_allow_the_same_as_few_lines() -> None:
    made = commands(entries(["sink"], "User:log", prefix="f.", group="f.app"), "kafka:9092")
    start = "kafka-acls.sh --bootstrap-server kafka:9092 --command-config admin.properties --add --allow-principal"
    assert made == [
        f"{start} 'User:log' --operation Read --topic 'f.predictions' --topic 'f.evaluations' --topic 'f.decay-alerts'"
        " --topic 'f.model-events' --topic 'f.match-results'",
        f"{start} 'User:log' --operation Write --topic 'f.dead-letters'",
        f"{start} 'User:log' --operation Read --group 'f.app-sink-' --resource-pattern-type prefixed",
    ]


def test_they_are_printed_for_people_and_for_programs(tmp_path: Path) -> None:
    env = programs.environment(topic_prefix="f.")
    shown = programs.run("topics", "acls", "notify", "--principal", "User:tell", cwd=tmp_path, env=env)
    assert shown.stdout.splitlines()[-1].split() == ["User:tell", "Read", "group", "f.stream-app-notify-*"]
    answer = json.loads(programs.run("topics", "acls", "--json", cwd=tmp_path, env=env).stdout)
    assert {entry["principal"] for entry in answer} == {f"User:{part}" for part in PARTS}
    created = [entry["name"] for entry in answer if entry["operation"] == "Create"]
    assert created == [f"f.{topic.name}" for topic in TOPICS]
