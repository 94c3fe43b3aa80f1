from __future__ import annotations

import pytest

from stream_app import schemas, topics
from stream_app.topics import FOR_EVER, INPUTS, TOPICS, by_name


def test_no_two_topics_share_a_name() -> None:
    assert len({topic.name for topic in TOPICS}) == len(TOPICS)


def test_every_name_that_the_module_gives_is_a_topic_and_every_topic_has_such_a_name() -> None:
    given = [value for name, value in vars(topics).items() if name.isupper() and isinstance(value, str)]
    assert sorted(given) == sorted(topic.name for topic in TOPICS)


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_a_topic_says_what_it_is_for_and_can_be_found(topic: topics.Topic) -> None:
    assert topic.meaning
    assert by_name(topic.name) is topic


def test_there_is_no_topic_of_another_name() -> None:
    with pytest.raises(KeyError):
        by_name("match-weather")


def test_what_the_service_cannot_make_again_is_kept_for_ever() -> None:
    book = by_name(topics.LOG)
    assert (book.cleanup, book.retention_ms) == ("delete", FOR_EVER)


def test_compacted_topics_are_those_whose_last_value_tells_all() -> None:
    compacted = {topic.name for topic in TOPICS if topic.cleanup == "compact"}
    assert compacted == {topics.SCOREBOARD, topics.ANALYTICS, topics.REGISTRY, topics.SNAPSHOTS, topics.CHECKPOINTS}


def test_a_message_that_is_too_large_for_the_service_still_reaches_it_and_its_dead_letters() -> None:
    two_megabytes = 2_000_000
    for name in (*INPUTS, topics.DEAD_LETTERS):
        assert by_name(name).max_message_bytes > two_megabytes


def test_every_topic_that_others_read_or_write_has_a_schema() -> None:
    internal = {topic.name for topic in TOPICS if topic.meaning.startswith("internal")}
    assert {topic.name for topic in TOPICS} - internal <= set(schemas.names())


def test_settings_go_to_kafka_under_its_own_names() -> None:
    assert by_name(topics.SCOREBOARD).config() == {
        "cleanup.policy": "compact",
        "retention.ms": "-1",
        "max.message.bytes": "1048576",
        "segment.bytes": "16777216",
        "min.cleanable.dirty.ratio": "0.1",
    }
