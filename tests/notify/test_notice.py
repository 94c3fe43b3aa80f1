from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given

from stream_app.contracts import encode
from stream_app.errors import InvalidInput
from stream_app.events import DecayAlert, ModelEventKind
from stream_app.notify.notice import SEVERITIES, notice_of
from stream_app.topics import DECAY_ALERTS, MODEL_EVENTS
from tests import messages
from tests.notify.made import alert, model_event


def test_an_alert_is_told_in_its_own_words() -> None:
    notice = notice_of(DECAY_ALERTS, alert(model="ours", competition="cup", message="ours has become worse"))
    assert (notice.kind, notice.state, notice.severity) == ("decay", "raised", "warning")
    assert notice.title == "decay raised: ours in cup"
    assert notice.text.startswith("ours has become worse\nSeverity: warning.")
    assert notice.event["alert_id"] == notice.notice_id


def test_a_model_event_is_told_with_who_and_why() -> None:
    notice = notice_of(MODEL_EVENTS, model_event(reason="it was clear"))
    assert (notice.kind, notice.state, notice.severity) == ("promoted", "", "info")
    assert notice.title == "promoted: match_model_v1 version 1 in bundesliga"
    assert notice.text.splitlines() == [
        "match_model_v1 version 1 in bundesliga: promoted, by anna.",
        "Why: better for two seasons",
        "Reason: it was clear",
        "At: 1971-05-15T16:15:00Z.",
    ]


@pytest.mark.parametrize("kind", get_args(ModelEventKind))
def test_every_kind_of_model_event_has_a_severity(kind: str) -> None:
    severity = notice_of(MODEL_EVENTS, model_event(kind=kind)).severity
    assert severity == ("warning" if kind in ("worsened", "rolled_back", "refused") else "info")


@given(messages.OF_SCHEMA[DECAY_ALERTS])
def test_every_alert_can_be_told(event: object) -> None:
    assert isinstance(event, DecayAlert)
    notice = notice_of(DECAY_ALERTS, encode(event))
    assert notice.notice_id == event.alert_id
    assert notice.severity in SEVERITIES
    assert notice.at == event.at


@given(messages.OF_SCHEMA[MODEL_EVENTS])
def test_every_model_event_can_be_told(event: object) -> None:
    notice = notice_of(MODEL_EVENTS, encode(event))  # type: ignore[arg-type]  # the strategy's events are of this topic
    assert notice.title
    assert notice.text


@pytest.mark.parametrize("value", [None, b"", b"{", b"{}", b"[]", alert(severity="mild")])
def test_what_is_no_message_is_refused(value: bytes | None) -> None:
    with pytest.raises(InvalidInput, match="no message of decay-alerts"):
        notice_of(DECAY_ALERTS, value)
