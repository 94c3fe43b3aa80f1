"""Evaluations as they come from Kafka."""

from __future__ import annotations

import pytest

from stream_app.contracts import encode
from stream_app.evidence_watch.reading import evaluation_of
from tests.lifecycle.test_pooling import evaluation


@pytest.mark.parametrize("outcome", ["H", None])
def test_an_evaluation_comes_back_as_it_was(outcome: str | None) -> None:
    said = evaluation("league", 3, outcome, number=2)  # type: ignore[arg-type]  # an outcome or none
    assert evaluation_of(encode(said), "here") == said


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, "evaluations[0] offset 7 is left out: it is not JSON"),
        (b"{", "evaluations[0] offset 7 is left out: it is not JSON"),
        (b"[]", "evaluations[0] offset 7 is left out: it is no evaluation"),
        (b'{"match_id": "m1"}', "evaluations[0] offset 7 is left out: it is no evaluation"),
    ],
)
def test_what_is_no_evaluation_is_left_out_and_told(
    value: bytes | None, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert evaluation_of(value, "evaluations[0] offset 7") is None
    assert caplog.messages[0].startswith(reason)
