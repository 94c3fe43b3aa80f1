from __future__ import annotations

import csv
import io
import json
import zlib

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_app.errors import InvalidInput
from stream_app.evaluation_log.csv_format import HEADER, header, lines, parse, split
from stream_app.evaluation_log.row import LogRow, row_of
from stream_app.events import DecayAlert, Evaluation, Prediction
from stream_app.topics import PREDICTIONS
from tests import messages
from tests.evaluation_log.samples import PUBLISHED_MS, alert, evaluation, prediction, row

EVENTS = st.one_of(messages.predictions(), messages.evaluations(), messages.decay_alerts())


def records(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO((header() + content).decode())))


def fields(event: LogRow) -> list[str]:
    return list(records(lines([event]))[0].values())


@given(st.lists(EVENTS, min_size=1, max_size=5))
def test_every_row_is_one_line_that_reads_back_the_same(events: list[Prediction | Evaluation | DecayAlert]) -> None:
    written = [row(event, offset) for offset, event in enumerate(events)]
    content = lines(written)
    assert content.count(b"\n") == len(written)
    assert content.count(b"\r") == 0
    read = [parse(list(record.values())) for record in records(content)]
    assert read == written


@given(EVENTS)
def test_no_field_is_a_formula(event: Prediction | Evaluation | DecayAlert) -> None:
    assert not any(field.startswith(("=", "+", "-", "@", "\t", "\r")) for field in fields(row(event)))


@pytest.mark.parametrize("name", ["=1+1", "+49", "-", "@SUM(A1)", "'quoted", "''", "\uff1dA1"])
def test_a_name_that_looks_like_a_formula_is_marked_as_text_and_read_back(name: str) -> None:
    event = row(prediction(competition=name))
    record = records(lines([event]))[0]
    assert record["competition"] == f"'{name}"
    assert parse(list(record.values())) == event


def test_the_message_is_written_in_ascii_so_that_spreadsheets_show_it_right() -> None:
    event = row(prediction(home="Łódź ⚽ 😀"))
    content = lines([event])
    assert content.isascii()
    assert json.loads(records(content)[0]["metadata"])["home"] == "Łódź ⚽ 😀"


def test_pandas_reads_numbers_truth_times_and_the_message() -> None:
    # It takes more than a second, which a run of other tests need not wait for.
    import pandas  # type: ignore[import-untyped]  # published without type information

    events = [row(prediction()), row(evaluation(prediction(), "A")), row(alert())]
    frame = pandas.read_csv(io.BytesIO(header() + lines(events)), parse_dates=["event_time", "recorded_at"])
    assert list(frame.columns) == list(HEADER)
    assert list(frame["event_type"]) == ["prediction", "evaluation", "alert"]
    assert frame["p_home"][0] == 0.5
    assert frame["hit"][1] == False  # noqa: E712  pandas' own truth
    assert frame["event_time"][0] == events[0].event_time
    assert json.loads(frame["metadata"][0])["home"] == "München"
    assert set(frame["schema_version"]) == {1}


def test_numbers_are_written_to_the_last_bit() -> None:
    event = row(prediction())._replace(p_home=0.1 + 0.2, log_loss=5e-324)
    assert parse(fields(event)) == event


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("event_time", "yesterday", "event_time 'yesterday'"),
        ("p_home", "half", "p_home 'half'"),
        ("hit", "yes", "hit 'yes'"),
        ("metadata", "{", "metadata"),
        ("event_id", "", "event_id"),
        ("schema_version", "2", "schema_version '2'"),
    ],
)
def test_a_damaged_field_is_named(name: str, text: str, reason: str) -> None:
    damaged = fields(row(prediction()))
    damaged[HEADER.index(name)] = text
    with pytest.raises(InvalidInput, match=reason):
        parse(damaged)


@given(EVENTS)
def test_every_line_fits_its_checksum(event: Prediction | Evaluation | DecayAlert) -> None:
    line = lines([row(event)]).rstrip(b"\n")
    head, message = split(line + b"\n") or (b"", b"")
    assert head + b"," + b"%08x" % zlib.crc32(head + message) + b',"' + message + b'"' == line


@given(EVENTS, st.data())
def test_a_line_of_which_a_character_was_changed_does_not_fit_its_checksum(
    event: Prediction | Evaluation | DecayAlert, data: st.DataObject
) -> None:
    line = lines([row(event)])
    place = data.draw(st.sampled_from([*range(len(line) - 1), *[len(line) - 2] * len(line)]))
    changed = bytes([line[place] ^ data.draw(st.integers(1, 127))])
    assert split(line[:place] + changed + line[place + 1 :]) is None


@pytest.mark.parametrize("line", [b"", b"\n", b",", b'"{', b"a,b,c\n", b'x,"{"}"\n'])
def test_what_is_no_line_fits_no_checksum(line: bytes) -> None:
    assert split(line) is None


def test_a_line_that_is_cut_short_is_no_row() -> None:
    with pytest.raises(InvalidInput, match=f"3 fields: wanted {len(HEADER)}"):
        parse(["a", "b", "c"])


def test_a_long_message_is_kept_whole() -> None:
    value = orjson.dumps(orjson.loads(row(prediction()).metadata) | {"why": ["x" * 200_000]})
    event = row_of(PREDICTIONS, 0, 0, PUBLISHED_MS, value)
    assert len(lines([event])) > 200_000
