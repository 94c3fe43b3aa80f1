from __future__ import annotations

import pytest
from faust.types import Message

from stream_app.agents.order import dead_letter
from stream_app.topics import FEATURES


def message(key: bytes | None, value: bytes | None) -> Message:
    return Message(FEATURES, 2, 41, 0.0, 0, [], key, value, None)


@pytest.mark.parametrize(
    ("key", "value"), [(b"alpha", b"not json"), (None, b"{}"), (b"alpha", None), (b"alpha", b""), (b"", None)]
)
def test_a_dead_letter_has_the_bytes_as_they_came_and_says_where_from_and_why(
    key: bytes | None, value: bytes | None
) -> None:
    sent_key, sent_value, headers = dead_letter(message(key, value), "value: no")

    assert (sent_key, sent_value) == (key, value)
    assert dict(headers) == dict(headers) | {
        "topic": b"match-features",
        "partition": b"2",
        "offset": b"41",
        "error": b"value: no",
    }


def test_a_message_with_neither_key_nor_value_can_be_sent_as_a_dead_letter() -> None:
    sent_key, sent_value, _ = dead_letter(message(None, None), "value: null")

    assert sent_key is None
    assert sent_value == b""


def test_the_same_message_always_gets_the_same_id() -> None:
    first, again = (dict(dead_letter(message(b"a", b"b"), reason)[2]) for reason in ("one", "another"))

    assert first["id"] == again["id"]
