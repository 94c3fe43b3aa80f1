from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stream_app.contracts import encode
from stream_app.errors import InvalidInput
from stream_app.events import Features, Result
from stream_app.feeds import json_lines
from stream_app.feeds.json_lines import RefusedLine
from stream_app.feeds.schedule import merge_key, schedule
from tests import messages
from tests.support.matches import played

MAX_BYTES = 1_000
EVENTS = list(schedule(played("a", 30)))


def write(file: Path, *lines: bytes, end: bytes = b"\n") -> Path:
    file.write_bytes(b"".join(line + end for line in lines))
    return file


def read(*files: Path, max_bytes: int = MAX_BYTES) -> tuple[list[Features | Result], list[RefusedLine]]:
    refused: list[RefusedLine] = []
    with json_lines.events(files, max_bytes=max_bytes, refuse=refused.append) as events:
        return list(events), refused


def test_both_kinds_of_message_are_read_from_one_file_in_its_order(tmp_path: Path) -> None:
    file = write(tmp_path / "a.jsonl", *map(encode, EVENTS))
    assert read(file) == (EVENTS, [])


def test_an_order_of_ones_own_is_kept_within_a_file(tmp_path: Path) -> None:
    file = write(tmp_path / "a.jsonl", *map(encode, reversed(EVENTS)))
    assert read(file) == (EVENTS[::-1], [])


def test_several_files_are_merged_by_event_time(tmp_path: Path) -> None:
    features = [event for event in EVENTS if isinstance(event, Features)]
    results = [event for event in EVENTS if isinstance(event, Result)]
    files = write(tmp_path / "r.jsonl", *map(encode, results)), write(tmp_path / "f.jsonl", *map(encode, features))
    merged, refused = read(*files)
    assert [merge_key(event) for event in merged] == sorted(map(merge_key, EVENTS))
    assert ([event for event in merged if isinstance(event, Result)], refused) == (results, [])


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_blank_lines_and_ends_of_lines_do_not_matter(end: bytes, tmp_path: Path) -> None:
    file = write(tmp_path / "a.jsonl", b"", encode(EVENTS[0]), b"   ", encode(EVENTS[1]), end=end)
    file.write_bytes(file.read_bytes().rstrip())
    assert read(file) == (EVENTS[:2], [])


def test_a_bad_line_is_told_with_its_file_its_number_and_its_reason_and_the_rest_is_read(tmp_path: Path) -> None:
    good = encode(EVENTS[0])
    bad = {
        2: (b"{", "value is not JSON"),
        3: (b"[1]", "value an array of 1 items: wanted a JSON object"),
        4: (b"{}", "neither as_of nor finished_at is there: wanted match features or a match result"),
        6: (good.replace(b'"home":"Team', b'"home":"\\n'), "home "),
        7: (good.replace(b'"competition":"a"', b'"competition":[]'), "competition an array of 0 items: wanted name"),
        8: (b"x" * 5_000, "line of more than 1000 bytes"),
        9: (b" " * 5_000 + b"x", "line of more than 1000 bytes"),
    }
    lines = [bad[number][0] if number in bad else good for number in range(1, 11)]
    file = write(tmp_path / "a.jsonl", *lines)
    events, refused = read(file)
    assert events == [EVENTS[0]] * 3
    assert [line.number for line in refused] == list(bad)
    for line, (_, reason) in zip(refused, bad.values(), strict=True):
        assert str(line).startswith(f"{file}:{line.number}: {reason}")


def test_a_line_of_just_the_permitted_length_is_read(tmp_path: Path) -> None:
    file = write(tmp_path / "a.jsonl", encode(EVENTS[0]), end=b"\r\n")
    length = len(encode(EVENTS[0]))
    assert read(file, max_bytes=length) == ([EVENTS[0]], [])
    assert [line.number for line in read(file, max_bytes=length - 1)[1]] == [1]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(sent=st.lists(messages.features() | messages.results(), max_size=5))
def test_every_message_that_can_be_written_can_be_read(sent: list[Features | Result], tmp_path: Path) -> None:
    file = write(tmp_path / "a.jsonl", *map(encode, sent))
    assert read(file, max_bytes=1_000_000) == (sent, [])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(content=st.binary())
def test_no_bytes_can_crash_the_reader(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    file.write_bytes(content)
    events, refused = read(file)
    written = [line for line in content.split(b"\n") if line.strip()]
    assert len(events) + len(refused) == len(written)


def test_a_file_that_cannot_be_read_is_told_before_anything_is_sent(tmp_path: Path) -> None:
    there = write(tmp_path / "a.jsonl", encode(EVENTS[0]))
    with pytest.raises(InvalidInput, match=r"file .*b\.jsonl: No such file or directory; wanted a file of JSON Lines"):
        read(there, tmp_path / "b.jsonl")
    with pytest.raises(InvalidInput, match=r"Is a directory"):
        read(tmp_path)
