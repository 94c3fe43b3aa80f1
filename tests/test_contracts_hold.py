"""What no message can break: nothing crashes the door, and what is written is read as the same."""

from __future__ import annotations

import math
from dataclasses import fields, replace
from datetime import datetime, timedelta, timezone
from types import MappingProxyType
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream_app.contracts import KIND_OF_TOPIC, REASON_MAX, decode, encode, parse
from stream_app.errors import Fatal, InvalidInput
from stream_app.events import Configure, Features, LeagueConfig, ModelCommand, Prediction, Refusal, Result
from stream_app.topics import FEATURES, INPUTS, MODEL_COMMANDS, RESULTS
from tests import messages
from tests.door import (
    KEY,
    MAX_BYTES,
    SAMPLE,
    features,
    without,
)


def _writable(value: Any) -> bool:
    try:
        orjson.dumps(value)
    except orjson.JSONEncodeError:
        return False
    return True


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)


def returns_or_refuses(topic: str, key: bytes | None, value: bytes | None) -> None:
    """`parse` either gives an event that `decode` gives as well, or a reason that is fit for a header."""
    reason = None
    try:
        event = parse(topic, key, value, max_bytes=1_000)
    except InvalidInput as refused:
        reason = str(refused)
    if reason is None:
        assert value is not None
        assert decode(KIND_OF_TOPIC[topic], value) == event
    else:
        assert 0 < len(reason) <= REASON_MAX
        assert reason.isprintable()


@settings(deadline=None)
@given(topic=st.sampled_from(INPUTS), key=st.none() | st.binary(), value=st.none() | st.binary(max_size=1_200))
def test_no_bytes_can_crash_the_door(topic: str, key: bytes | None, value: bytes | None) -> None:
    returns_or_refuses(topic, key, value)


@settings(deadline=None)
@given(topic=st.sampled_from(INPUTS), value=JSON)
def test_no_json_can_crash_the_door(topic: str, value: Any) -> None:
    returns_or_refuses(topic, KEY, orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS) if _writable(value) else b"?")


@settings(max_examples=200, deadline=None)
@given(topic=st.sampled_from(INPUTS), data=st.data())
def test_no_message_with_some_fields_changed_can_crash_the_door(topic: str, data: st.DataObject) -> None:
    names = [*SAMPLE[topic], "features", "neutral", "importance", "match_id ", ""]
    values = JSON | st.sampled_from(list(SAMPLE[topic].values()))
    changes = data.draw(st.dictionaries(st.sampled_from(names), values.filter(_writable), min_size=1, max_size=3))
    returns_or_refuses(topic, KEY, orjson.dumps(SAMPLE[topic] | changes))


@settings(deadline=None)
@given(topic=st.sampled_from(INPUTS), data=st.data())
def test_no_message_with_some_bytes_changed_can_crash_the_door(topic: str, data: st.DataObject) -> None:
    value = bytearray(without(topic))
    for place, byte in data.draw(
        st.dictionaries(st.integers(0, len(value) - 1), st.integers(0, 255), max_size=3)
    ).items():
        value[place] = byte
    returns_or_refuses(topic, KEY, bytes(value))


@settings(deadline=None)
@given(messages.features() | messages.results() | messages.model_commands())
def test_what_was_encoded_is_admitted_as_the_same_event(event: Features | Result | ModelCommand) -> None:
    topic = {Features: FEATURES, Result: RESULTS, ModelCommand: MODEL_COMMANDS}[type(event)]
    payload = encode(event)
    assert parse(topic, event.competition.encode(), payload, max_bytes=MAX_BYTES) == event
    assert decode(KIND_OF_TOPIC[topic], payload) == event
    assert encode(event) == payload


@settings(deadline=None)
@given(messages.configures())
def test_a_configuration_comes_back_from_the_log_as_it_was(event: Configure) -> None:
    assert decode("configure", encode(event)) == event


def test_a_configuration_from_before_a_setting_existed_takes_its_default() -> None:
    old = b'{"competition":"bundesliga","config":{"kind":"national","models":["base_rate"],"window":7}}'
    assert decode("configure", old) == Configure(
        "bundesliga", LeagueConfig(kind="national", models=("base_rate",), window=7)
    )


def test_encoding_keeps_the_order_of_the_fields_and_writes_utc_with_z() -> None:
    event = replace(features(), kickoff=datetime(1963, 8, 24, 15, 30, 0, 5, tzinfo=timezone(timedelta(hours=1))))
    payload = encode(event)
    assert list(orjson.loads(payload)) == [field.name for field in fields(Features)]
    assert b'"kickoff":"1963-08-24T14:30:00.000005Z"' in payload


def test_encoding_takes_any_mapping_of_features() -> None:
    event = replace(features(), features=MappingProxyType({"odds": 2.0}))
    assert orjson.loads(encode(event))["features"] == {"odds": 2.0}


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_a_number_that_is_not_finite_never_leaves(number: float) -> None:
    event = replace(features(), features={"shots": 3.0, "odds": number})
    with pytest.raises(Fatal, match=r"Features\.features\['odds'\] -?(nan|inf): wanted a finite number"):
        encode(event)


@settings(max_examples=20, deadline=None)
@given(prediction=messages.predictions(), number=st.sampled_from([math.nan, math.inf]))
def test_a_forecast_that_is_not_finite_never_leaves(prediction: Prediction, number: float) -> None:
    last = prediction.models[-1]
    broken = replace(last, probabilities=replace(last.probabilities, D=number))
    with pytest.raises(Fatal, match=rf"Prediction\.models\[{len(prediction.models) - 1}\]\.probabilities\.D"):
        encode(replace(prediction, models=(*prediction.models[:-1], broken)))


def test_the_word_null_in_a_name_is_no_reason_to_refuse() -> None:
    assert encode(replace(features(), home="null")).count(b"null") == 2


def test_a_time_without_a_zone_never_leaves() -> None:
    with pytest.raises(Fatal, match="time 1963-08-24T14:30:00 has no zone"):
        encode(replace(features(), kickoff=datetime(1963, 8, 24, 14, 30)))  # noqa: DTZ001  the point of the test


def test_a_value_that_has_no_json_never_leaves() -> None:
    with pytest.raises(Fatal, match="Features cannot be written as JSON: there is no JSON for a set"):
        encode(replace(features(), features={"odds"}))  # type: ignore[arg-type]  # the point of the test


@settings(deadline=None)
@given(messages.refusals())
def test_a_refusal_comes_back_from_the_log_as_it_was(event: Refusal) -> None:
    assert decode("refusal", encode(event)) == event
