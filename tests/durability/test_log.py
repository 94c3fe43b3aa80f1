from __future__ import annotations

import pytest

from stream_app.durability.log import Entry, read_entry
from stream_app.errors import Fatal

ENTRY = Entry(kind="result", competition="série-a", source="match-results", source_offset=42, payload=b'{"x": 1}')


def test_an_entry_comes_back_as_it_was_written() -> None:
    assert read_entry(ENTRY.key, ENTRY.payload, ENTRY.headers()) == ENTRY


@pytest.mark.parametrize(
    "headers",
    [
        None,
        [],
        [("kind", b"result"), ("source", b"match-results")],
        [("kind", b"nonsense"), ("source", b"match-results"), ("source-offset", b"1")],
        [("kind", b"result"), ("source", b"match-results"), ("source-offset", b"one")],
    ],
)
def test_a_record_that_is_no_entry_is_fatal(headers: list[tuple[str, bytes]] | None) -> None:
    with pytest.raises(Fatal, match="no entry"):
        read_entry(b"a", b"{}", headers)
