"""What is let in, as what, and what is refused, with which words."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from stream_app.contracts import decode, event_time, parse
from stream_app.events import Features, ModelCommand, Result
from stream_app.topics import FEATURES, MODEL_COMMANDS, RESULTS
from tests.door import (
    COMMAND_MESSAGE,
    KEY,
    MAX_BYTES,
    SAMPLE,
    features,
    refusal,
    refused,
    result,
    without,
)


def test_features_arrive_as_an_event() -> None:
    assert features(neutral=True, importance="friendly", features={"odds_home": 2}) == Features(
        match_id="m1",
        competition="bundesliga",
        season="1963-64",
        kickoff=datetime(1963, 8, 24, 14, 30, tzinfo=UTC),
        as_of=datetime(1963, 8, 24, 13, 30, tzinfo=UTC),
        home="Werder Bremen",
        away="Borussia Dortmund",
        neutral=True,
        importance="friendly",
        features={"odds_home": 2.0},
    )


def test_a_result_arrives_as_an_event() -> None:
    assert result() == Result(
        match_id="m1",
        competition="bundesliga",
        season="1963-64",
        kickoff=datetime(1963, 8, 24, 14, 30, tzinfo=UTC),
        finished_at=datetime(1963, 8, 24, 16, 15, tzinfo=UTC),
        home="Werder Bremen",
        away="Borussia Dortmund",
        status="final",
        home_goals=3,
        away_goals=2,
    )


def test_what_is_optional_may_be_null_or_absent() -> None:
    assert features(features=None) == features()
    postponed = result(status="postponed", home_goals=None, away_goals=None)
    absent = parse(RESULTS, KEY, without(RESULTS, "home_goals", "away_goals").replace(b"final", b"postponed"),
                   max_bytes=MAX_BYTES)  # fmt: skip
    assert postponed == absent
    assert postponed.home_goals is None


UNFINISHED = without(FEATURES)[:-1]


@pytest.mark.parametrize(
    ("topic", "key", "value", "reason"),
    [
        pytest.param(FEATURES, KEY, b"{match_id: m1}", "value is not JSON: unexpected character", id="not JSON"),
        pytest.param(FEATURES, KEY, b"", "value is not JSON: Input is a zero-length", id="empty"),
        pytest.param(FEATURES, KEY, b"[1]", "value an array of 1 items: wanted a JSON object", id="wrong type"),
        pytest.param(FEATURES, KEY, UNFINISHED + b',"features":{"odds":NaN}}', "value is not JSON", id="NaN"),
        pytest.param(FEATURES, KEY, b" " * 2_000_000, "value of 2000000 bytes: wanted at most 262144", id="2 MB value"),
        pytest.param(RESULTS, KEY, None, "value null: wanted a JSON object", id="null value"),
        pytest.param(RESULTS, b"x", without(RESULTS), 'key "x": wanted the competition, "bundesliga"', id="wrong key"),
        pytest.param(FEATURES, None, without(FEATURES), 'key null: wanted the competition, "bundesliga"', id="no key"),
        pytest.param(FEATURES, b"\xff\x00", without(FEATURES), "wanted the competition", id="key not UTF-8"),
        pytest.param(FEATURES, KEY, b'{"match_id":"\xff"}', "JSON: str is not valid UTF-8", id="invalid UTF-8"),
        pytest.param(FEATURES, KEY, b'{"match_id":"\\ud800"}', "JSON: no low surrogate", id="lone surrogate"),
        pytest.param(FEATURES, KEY, b"[" * 100_000, "JSON: depth limit exceeded", id="too deep for JSON"),
        pytest.param(
            FEATURES,
            KEY,
            UNFINISHED + b',"features":{"x":' + b"[" * 1000 + b"]" * 1000 + b"}}",
            "value is nested too deeply",
            id="too deep for the schema",
        ),
        pytest.param(
            RESULTS,
            KEY,
            without(RESULTS, "away_goals")[:-1] + b',"away_goals":1' + b"0" * 400 + b"}",
            "value is not JSON: number is infinity",
            id="number beyond all bounds",
        ),
    ],
)
def test_bad_input_is_refused_with_its_reason(topic: str, key: bytes | None, value: bytes | None, reason: str) -> None:
    assert reason in refusal(topic, key, value)


@pytest.mark.parametrize(
    ("topic", "changes", "reason"),
    [
        (FEATURES, {"kickoff": 1_700_000_000}, "kickoff 1700000000: wanted moment of kickoff: a moment as in RFC 3339"),
        (FEATURES, {"venue": "x"}, 'unknown field "venue": wanted none but match_id, competition'),
        (FEATURES, {"home": "Werder\nBremen"}, r'home "Werder\nBremen": wanted name of the home side'),
        (FEATURES, {"home": "Werder\u202eBremen"}, r'home "Werder\u202eBremen": wanted'),
        (FEATURES, {"home": "Werder Bremen "}, 'home "Werder Bremen ": wanted'),
        (
            FEATURES,
            {"home": ""},
            'home "": wanted a name of 1 to 200 characters'.replace("a name", "name of the home side: a name"),
        ),
        (FEATURES, {"home": "x" * 201}, "xxx…: wanted name of the home side: a name of 1 to 200 characters"),
        (FEATURES, {"away": "Werder Bremen"}, 'away "Werder Bremen": wanted another side than home'),
        (
            FEATURES,
            {"as_of": "1963-08-24T14:30:01Z"},
            'as_of "1963-08-24T14:30:01Z": wanted a moment at or before kickoff',
        ),
        (
            FEATURES,
            {"kickoff": "1963-02-29T14:30:00Z"},
            'kickoff "1963-02-29T14:30:00Z": day is out of range for month',
        ),
        (
            FEATURES,
            {"kickoff": "1963-08-24"},
            'kickoff "1963-08-24": wanted moment of kickoff: a moment as in RFC 3339',
        ),
        (FEATURES, {"kickoff": "1963-08-24T14:30:00"}, "wanted moment of kickoff: a moment as in RFC 3339"),
        (FEATURES, {"kickoff": "1849-12-31T23:59:59Z"}, "in the years 1850 to 2200"),
        (FEATURES, {"kickoff": "2201-01-01T00:00:00Z"}, "in the years 1850 to 2200"),
        (FEATURES, {"kickoff": "1963-08-24T24:00:00Z"}, "wanted moment of kickoff"),
        (FEATURES, {"features": {"odds": "2.1"}}, 'features.odds "2.1": wanted a finite number'),
        (FEATURES, {"features": {"odds": True}}, "features.odds true: wanted a finite number"),
        (FEATURES, {"features": {"odds\u0007": 1}}, r'name "odds\u0007" in features: wanted a name'),
        (FEATURES, {"features": {str(i): i for i in range(513)}}, "features an object of 513 fields: wanted"),
        (FEATURES, {"neutral": 0}, "neutral 0: wanted true or false"),
        (FEATURES, {"importance": "cup"}, 'importance "cup": wanted what is at stake'),
        (RESULTS, {"home_goals": -1}, "home_goals -1: wanted goals of the home side, a whole number from 0 to 99"),
        (RESULTS, {"home_goals": 100}, "home_goals 100: wanted"),
        (RESULTS, {"home_goals": 1.5}, "home_goals 1.5: wanted"),
        (RESULTS, {"home_goals": True}, "home_goals true: wanted"),
        (RESULTS, {"home_goals": None}, "home_goals null: wanted goals of the home side"),
        (RESULTS, {"status": "postponed"}, "away_goals 2: wanted goals of the away side"),
        (RESULTS, {"status": "won"}, 'status "won": wanted final; corrected'),
        (RESULTS, {"finished_at": "1963-08-24T14:29:59Z"}, "wanted a moment at or after kickoff"),
        (RESULTS, {"finished_at": "1963-02-29T14:29:59Z"}, "day is out of range for month"),
        (RESULTS, {"away": "Werder Bremen"}, "wanted another side than home"),
    ],
)
def test_a_bad_field_is_refused_with_its_name_its_value_and_what_would_be_right(
    topic: str, changes: dict[str, Any], reason: str
) -> None:
    text = refused(topic, **changes)
    assert reason in text
    assert text.endswith('(match "m1")')


@pytest.mark.parametrize("name", [field.name for field in fields(Features)][:7])
def test_every_field_of_features_that_has_no_default_is_required(name: str) -> None:
    assert f"{name} is missing: wanted" in refusal(FEATURES, KEY, without(FEATURES, name))


@pytest.mark.parametrize("name", SAMPLE[RESULTS])
def test_every_field_of_a_final_result_is_required(name: str) -> None:
    assert f"{name} is missing: wanted" in refusal(RESULTS, KEY, without(RESULTS, name))


def test_a_postponement_may_be_announced_before_kickoff() -> None:
    event = result(status="postponed", home_goals=None, away_goals=None, finished_at="1963-08-20T10:00:00Z")
    assert event_time(event) < event.kickoff


def test_features_at_the_moment_of_kickoff_are_still_admitted() -> None:
    assert event_time(features(as_of="1963-08-24T15:30:00+01:00")) == datetime(1963, 8, 24, 14, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("1963-08-24T14:30:00+01:00", datetime(1963, 8, 24, 13, 30, tzinfo=UTC)),
        ("1963-08-24T14:30:00.5Z", datetime(1963, 8, 24, 14, 30, 0, 500_000, tzinfo=UTC)),
        ("1963-08-24T14:30:00.123456789Z", datetime(1963, 8, 24, 14, 30, 0, 123_456, tzinfo=UTC)),
        ("1963-08-24T14:30:00-00:30", datetime(1963, 8, 24, 15, 0, tzinfo=UTC)),
    ],
)
def test_times_with_offsets_and_fractions_become_utc(text: str, moment: datetime) -> None:
    event = features(kickoff=text, as_of="1963-08-24T00:00:00Z")
    assert event.kickoff == moment
    assert event.kickoff.tzinfo is UTC


def test_the_last_one_of_two_equal_names_counts_and_decoding_agrees() -> None:
    value = without(FEATURES)[:-1] + b',"home":"Hertha BSC"}'
    event = parse(FEATURES, KEY, value, max_bytes=MAX_BYTES)
    assert isinstance(event, Features)
    assert event.home == "Hertha BSC"
    assert decode("features", value) == event


def test_a_whole_number_of_goals_may_be_written_with_a_point() -> None:
    event = result(home_goals=2.0)
    assert isinstance(event.home_goals, int)
    assert event.home_goals == 2


def test_a_name_may_have_the_letters_of_every_script() -> None:
    assert features(home="Beşiktaş", away="川崎フロンターレ").away == "川崎フロンターレ"


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"action": "approve", "model": None}, "proposal_id is missing: wanted the proposal, or its model, to approve"),
        ({"model": None}, "model is missing: wanted the model that it is about"),
        ({"action": "handover"}, "version is missing"),
        ({"action": "handover", "version": 2}, "artefact is missing"),
        ({"artefact": "AAAA"}, "artefact is only for handover: wanted none with promote"),
        ({"alias": "challenger"}, "alias is only for register: wanted none with promote"),
        ({"action": "register", "proposal_id": "d3f0a1b2-c3d4-5e6f-8091-a2b3c4d5e6f7"}, "proposal_id is only for"),
        ({"action": "sack"}, 'action "sack": wanted what is asked for'),
        ({"issued_at": "2023-02-29T09:00:00Z"}, "wanted a day that exists"),
        ({"who": " "}, "who"),
        ({"command_id": "1"}, "command_id"),
    ],
)
def test_a_command_that_makes_no_sense_is_refused_by_name(changes: dict[str, Any], wanted: str) -> None:
    reason = refused(MODEL_COMMANDS, **changes)
    assert wanted in reason
    assert f'(command "{(COMMAND_MESSAGE | changes)["command_id"]}")' in reason


def test_a_state_that_is_handed_over_may_be_larger_than_other_messages() -> None:
    value = orjson.dumps(COMMAND_MESSAGE | {"action": "handover", "version": 2, "artefact": "A" * (MAX_BYTES + 4)})
    event = parse(MODEL_COMMANDS, KEY, value, max_bytes=MAX_BYTES)
    assert isinstance(event, ModelCommand)
    assert event_time(event) == event.issued_at
