from __future__ import annotations

import json
from datetime import datetime

import pytest
from hypothesis import given

from stream_app.contracts import encode
from stream_app.errors import InvalidInput
from stream_app.evaluation_log.row import LogRow, content_hash, iso, row_of
from stream_app.events import DecayAlert, Evaluation, ModelEventKind, Prediction
from stream_app.topics import DECAY_ALERTS, EVALUATIONS, MODEL_EVENTS, PREDICTIONS
from tests import messages
from tests.evaluation_log.samples import (
    KICKOFF,
    PROBABILITIES,
    PUBLISHED_MS,
    alert,
    evaluation,
    model_event,
    prediction,
)


def changed(event: Prediction | Evaluation | DecayAlert, **fields: object) -> bytes:
    return json.dumps(json.loads(encode(event)) | fields).encode()


def read(topic: str, value: bytes | None) -> LogRow:
    return row_of(topic, 2, 7, PUBLISHED_MS, value)


def test_a_prediction_is_told_by_its_champion() -> None:
    event = prediction(revision=2)
    got = read(PREDICTIONS, encode(event))
    assert got.event_id == got.prediction_id == event.prediction_id
    assert (got.event_type, got.event_time, got.status) == ("prediction", event.as_of, "active")
    assert (got.competition, got.match_id, got.supersedes) == ("bundesliga", "bundesliga-1", event.supersedes)
    assert (got.model_id, got.model_version) == ("elo_softmax", 3)
    assert (got.outcome, got.confidence, got.p_home, got.p_draw, got.p_away) == ("H", 0.5, 0.5, 0.3, 0.2)
    assert (got.actual, got.hit, got.log_loss, got.rps, got.brier) == (None, None, None, None, None)
    assert (got.kafka_topic, got.kafka_partition, got.kafka_offset) == (PREDICTIONS, 2, 7)
    assert got.recorded_at == KICKOFF
    assert json.loads(got.metadata) == json.loads(encode(event))


def test_an_evaluation_is_linked_to_its_prediction_and_carries_the_champions_scores() -> None:
    event = evaluation(prediction(), "D")
    got = read(EVALUATIONS, encode(event))
    assert (got.event_id, got.prediction_id) == (event.evaluation_id, event.prediction_id)
    assert (got.event_type, got.event_time, got.status) == ("evaluation", event.evaluated_at, "final")
    assert (got.model_id, got.outcome, got.p_home) == ("elo_softmax", "H", PROBABILITIES.H)
    assert (got.actual, got.hit, got.log_loss, got.rps, got.brier) == ("D", False, 1.5, 0.25, 0.5)


def test_an_evaluation_that_replaces_another_one_is_a_correction() -> None:
    event = evaluation(prediction(), "A", number=2, status="corrected")
    got = read(EVALUATIONS, encode(event))
    assert (got.event_type, got.supersedes) == ("correction", event.supersedes)


def test_a_void_evaluation_has_neither_scores_nor_a_model() -> None:
    got = read(EVALUATIONS, encode(evaluation(prediction(), None, status="void")))
    assert (got.status, got.model_id, got.actual, got.hit, got.log_loss) == ("void", None, None, None, None)


def test_an_alert_names_its_model() -> None:
    got = read(DECAY_ALERTS, encode(alert()))
    assert (got.event_type, got.status, got.model_id, got.model_version) == ("alert", "raised", "elo_softmax", 3)
    assert got.prediction_id is None


@pytest.mark.parametrize(
    ("kind", "about"),
    [("promoted", "promotion"), ("rolled_back", "promotion"), ("reinforced", "reinforcement"), ("frozen", "model")],
)
def test_what_becomes_of_a_model_is_told_by_its_kind(kind: ModelEventKind, about: str) -> None:
    got = read(MODEL_EVENTS, encode(model_event(kind)))
    assert (got.event_type, got.status, got.model_id, got.model_version) == (about, kind, "elo_softmax", 3)
    assert json.loads(got.metadata)["who"] == "ada"


def test_an_event_of_the_whole_line_up_names_no_model() -> None:
    got = read(MODEL_EVENTS, encode(model_event("frozen", model=None)))
    assert (got.event_type, got.model_id, got.model_version) == ("model", None, None)


@given(messages.predictions())
def test_every_prediction_has_a_row_whose_hash_can_be_made_again(event: Prediction) -> None:
    got = read(PREDICTIONS, encode(event))
    assert content_hash(json.loads(got.metadata)) == got.content_hash
    assert (got.event_id, got.event_time) == (event.prediction_id, event.as_of)


@given(messages.evaluations())
def test_every_evaluation_has_a_row_whose_hash_can_be_made_again(event: Evaluation) -> None:
    got = read(EVALUATIONS, encode(event))
    assert content_hash(json.loads(got.metadata)) == got.content_hash
    assert (got.event_id, got.actual) == (event.evaluation_id, event.outcome)


@given(messages.decay_alerts())
def test_every_alert_has_a_row_whose_hash_can_be_made_again(event: DecayAlert) -> None:
    got = read(DECAY_ALERTS, encode(event))
    assert content_hash(json.loads(got.metadata)) == got.content_hash
    assert (got.event_id, got.event_time) == (event.alert_id, event.at)


def test_the_hash_depends_on_what_is_said_and_not_on_how_and_where() -> None:
    value = encode(prediction())
    turned = json.dumps(dict(reversed(json.loads(value).items())), indent=2).encode()
    again = row_of(PREDICTIONS, 1, 99, PUBLISHED_MS + 5, turned)
    assert again.content_hash == read(PREDICTIONS, value).content_hash
    assert again.metadata.count("\n") == 0


def test_fields_that_a_newer_worker_adds_are_kept() -> None:
    got = read(PREDICTIONS, changed(prediction(), why=["at home"]))
    assert json.loads(got.metadata)["why"] == ["at home"]


@pytest.mark.parametrize(
    ("topic", "value", "culprit"),
    [
        (PREDICTIONS, None, "not JSON"),
        (PREDICTIONS, b"{", "not JSON"),
        (PREDICTIONS, b"\xff\xfe", "not JSON"),
        (PREDICTIONS, b"[]", "JSON object"),
        (PREDICTIONS, b"{}", "models"),
        (PREDICTIONS, changed(prediction(), prediction_id="7"), "prediction_id '7'"),
        (PREDICTIONS, changed(prediction(), prediction_id=7), "prediction_id 7"),
        (PREDICTIONS, changed(prediction(), supersedes="x"), "supersedes 'x'"),
        (PREDICTIONS, changed(prediction(), as_of="2024-08-17T12:00:00"), "as_of"),
        (PREDICTIONS, changed(prediction(), as_of="0001-01-01T00:00:00+14:00"), "as_of"),
        (PREDICTIONS, changed(prediction(), as_of="soon"), "as_of"),
        (PREDICTIONS, changed(prediction(), competition=""), "competition ''"),
        (PREDICTIONS, changed(prediction(), match_id="a\nb"), "match_id"),
        (PREDICTIONS, changed(prediction(), home="a\u0000b"), "zero character"),
        (PREDICTIONS, changed(prediction(), models={"alias": "champion"}), "models"),
        (PREDICTIONS, changed(prediction(), models=[{"alias": "champion"}]), "probabilities"),
        (EVALUATIONS, changed(evaluation(prediction()), outcome="X"), "outcome 'X'"),
        (EVALUATIONS, changed(evaluation(prediction()), outcome=["H"]), "outcome"),
        (DECAY_ALERTS, changed(alert(), version=True), "version True"),
        (DECAY_ALERTS, changed(alert(), version=2**31), "version 2147483648"),
    ],
)
def test_what_is_no_event_is_refused_by_name(topic: str, value: bytes | None, culprit: str) -> None:
    with pytest.raises(InvalidInput, match=culprit):
        read(topic, value)


def test_a_text_that_only_looks_like_a_zero_character_is_kept() -> None:
    got = read(PREDICTIONS, changed(prediction(), home="a\\u0000b"))
    assert json.loads(got.metadata)["home"] == "a\\u0000b"


def test_times_are_written_in_utc_and_read_back() -> None:
    moment = datetime.fromisoformat("2024-08-17T15:30:00.25+02:00")
    assert iso(moment) == "2024-08-17T13:30:00.250000Z"
    assert datetime.fromisoformat(iso(moment)) == moment
