"""The API under whatever schemathesis makes of its OpenAPI document: nothing may fail, and nothing wrong may pass."""

from __future__ import annotations

import json
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.config import SchemathesisConfig

from stream_app.gateway.app import Limits, create_app
from stream_app.gateway.tokens import Tokens
from tests.gateway.test_app import SETTING, TOKEN, Remembering

CONFIG = SchemathesisConfig.from_dict({"checks": {"positive_data_acceptance": {"expected-statuses": ["2xx", "422"]}}})
"""Beyond what a schema can say there is sense: two different teams, a day that exists."""

LIMITS = Limits(body_bytes=100_000, message_bytes=50_000, per_second=1e9, burst=1_000_000, answer_s=5.0)
pytestmark = pytest.mark.slow

schema = schemathesis.openapi.from_asgi(
    "/v1/openapi.json", create_app(Remembering(), Tokens.read(SETTING), LIMITS), config=CONFIG
)


@schemathesis.serializer("application/x-ndjson")
def lines(_context: schemathesis.SerializationContext, value: Any) -> bytes:
    """An array as NDJSON; anything else as it is."""
    return b"\n".join(map(as_json, value)) if isinstance(value, list) else as_json(value)


def as_json(value: Any) -> bytes:
    return json.dumps(value).encode(errors="replace")


@schema.parametrize()
@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
def test_the_api_is_as_its_document_says(case: schemathesis.Case[Any]) -> None:
    case.call_and_validate(headers={"Authorization": f"Bearer {TOKEN}"})
