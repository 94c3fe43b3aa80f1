from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_app.contracts import Input, event_time, parse
from stream_app.durability.future import refuse_the_future
from stream_app.errors import InvalidInput
from stream_app.topics import FEATURES
from tests import messages

DAY = timedelta(days=1)
NO_TIMESTAMP = -0.001
"""What a record without a timestamp bears: -1 millisecond."""


def inputs() -> st.SearchStrategy[Input]:
    return st.one_of(messages.features(), messages.results(), messages.model_commands())


@given(inputs(), st.timedeltas(timedelta(0), timedelta(days=400)))
def test_what_happened_before_it_was_sent_is_right_however_long_ago(event: Input, age: timedelta) -> None:
    refuse_the_future(event, max(event_time(event).timestamp(), 0.0) + age.total_seconds(), DAY)


@given(inputs(), st.timedeltas(timedelta(microseconds=1), timedelta(days=400)))
def test_what_had_not_happened_when_it_was_sent_is_refused_beyond_the_allowance(event: Input, ahead: timedelta) -> None:
    sent_at = (event_time(event) - ahead).timestamp()
    if sent_at < 0:
        return
    if ahead <= DAY - timedelta(milliseconds=1):
        refuse_the_future(event, sent_at, DAY)
    elif ahead > DAY + timedelta(milliseconds=1):
        with pytest.raises(InvalidInput, match=r"lies ahead of"):
            refuse_the_future(event, sent_at, DAY)


@given(inputs())
def test_a_record_without_a_timestamp_says_nothing(event: Input) -> None:
    refuse_the_future(event, NO_TIMESTAMP, DAY)


def test_the_reason_names_the_field_both_moments_and_the_setting() -> None:
    value = (
        b'{"match_id":"m1","competition":"alpha","season":"2020","kickoff":"2036-08-01T15:00:00Z",'
        b'"as_of":"2036-08-01T14:00:00Z","home":"A","away":"B","neutral":false,"importance":"competitive","features":{}}'
    )
    event = parse(FEATURES, b"alpha", value, max_bytes=10_000)
    with pytest.raises(InvalidInput) as refused:
        refuse_the_future(event, datetime(2026, 8, 1, 14, tzinfo=UTC).timestamp(), DAY)
    assert str(refused.value) == (
        "as_of 2036-08-01T14:00:00+00:00: lies ahead of 2026-08-01T14:00:00+00:00, when the message was sent, by more"
        " than the 1 days that are allowed (STREAM_APP_AHEAD_DAYS)"
    )


def test_a_kickoff_may_lie_years_ahead() -> None:
    value = (
        b'{"match_id":"m1","competition":"alpha","season":"2020","kickoff":"2036-08-01T15:00:00Z",'
        b'"as_of":"2026-08-01T14:00:00Z","home":"A","away":"B","neutral":false,"importance":"competitive","features":{}}'
    )
    event = parse(FEATURES, b"alpha", value, max_bytes=10_000)
    refuse_the_future(event, datetime(2026, 8, 1, 14, tzinfo=UTC).timestamp(), DAY)
