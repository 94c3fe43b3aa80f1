"""The gateway's OpenAPI document: the messages' own JSON Schemas, as an HTTP client sees them."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from stream_app import schemas
from stream_app.gateway.problems import MEDIA_TYPE, PROBLEM_SCHEMA
from stream_app.topics import FEEDS

NDJSON = "application/x-ndjson"
JSON = "application/json"
TOKEN = "bearer"  # noqa: S105  the name of the scheme
KEY_PATTERN = r"^[\x21-\x7e]{1,200}$"

_RECEIPT: dict[str, Any] = {
    "type": "object",
    "description": "Where the brokers have a message.",
    "properties": {
        "id": {"type": "string", "description": "id of the message, in the record's header message-id"},
        "topic": {"type": "string"},
        "partition": {"type": "integer", "minimum": 0},
        "offset": {"type": "integer", "minimum": -1, "description": "-1 where the brokers do not tell any more"},
        "repeated": {"type": "boolean", "description": "whether it was there, or on its way, before"},
    },
    "required": ["id", "topic", "partition", "offset", "repeated"],
    "additionalProperties": False,
}
_BATCH: dict[str, Any] = {
    "type": "object",
    "description": "What became of a batch.",
    "properties": {
        "accepted": {"type": "integer", "minimum": 0, "description": "messages that the brokers have"},
        "repeated": {"type": "integer", "minimum": 0, "description": "those of them that were there before"},
        "receipts": {"type": "array", "items": {"$ref": "#/components/schemas/Receipt"}},
    },
    "required": ["accepted", "repeated", "receipts"],
    "additionalProperties": False,
}

_PROBLEMS: Mapping[HTTPStatus, str] = {
    HTTPStatus.BAD_REQUEST: "The idempotency key is none.",
    HTTPStatus.UNAUTHORIZED: "No token that is known.",
    HTTPStatus.CONFLICT: "The idempotency key belongs to another message.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The body, a message or the batch is too large.",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "Neither a message nor a batch.",
    HTTPStatus.UNPROCESSABLE_ENTITY: "What is not as the schema says, or makes no sense. Nothing was sent.",
    HTTPStatus.TOO_MANY_REQUESTS: "Too many messages; Retry-After says when so many may come.",
    HTTPStatus.SERVICE_UNAVAILABLE: "The brokers do not answer. Asking again with the same key is safe.",
}


def document(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document of `app`."""
    found = get_openapi(
        title="Football feeds over HTTP",
        version="1",
        description="Match features and results, for feeds that do not speak Kafka. An answer of 202 means that the"
        " brokers have the message; asking again changes nothing.",
        routes=app.routes,
    )
    components = found.setdefault("components", {})
    definitions = components.setdefault("schemas", {})
    definitions.update({"Problem": PROBLEM_SCHEMA, "Receipt": _RECEIPT, "Batch": _BATCH})
    for topic in FEEDS:
        definitions.update(_message(topic))
    components["securitySchemes"] = {TOKEN: {"type": "http", "scheme": "bearer"}}
    return found


def operation(topic: str) -> dict[str, Any]:
    """What OpenAPI says of the operation that takes messages of `topic`."""
    answers: dict[str, Any] = {
        "202": {
            "description": "The brokers have it.",
            "content": {JSON: {"schema": {"anyOf": [_reference("Receipt"), _reference("Batch")]}}},
        }
    }
    for status, meaning in _PROBLEMS.items():
        answers[str(status.value)] = {
            "description": meaning,
            "content": {MEDIA_TYPE: {"schema": _reference("Problem")}},
        }
    return {
        "security": [{TOKEN: []}],
        "parameters": [
            {
                "name": "Idempotency-Key",
                "in": "header",
                "required": False,
                "description": "Names this request: asking again with the same key and body gives the first answer."
                " Without one a message is known by what it says.",
                "schema": {"type": "string", "pattern": KEY_PATTERN},
            }
        ],
        "requestBody": {
            "required": True,
            "content": {
                JSON: {"schema": _reference(_name(topic)), "examples": _examples(topic)},
                NDJSON: {
                    "schema": {
                        "type": "array",
                        "description": "One item a line; all of them are sent, or none.",
                        "items": _reference(_name(topic)),
                        "minItems": 1,
                    }
                },
            },
        },
        "responses": answers,
    }


def _examples(topic: str) -> dict[str, Any]:
    return {str(number): {"value": value} for number, value in enumerate(schemas.schema(topic)["examples"], start=1)}


def _message(topic: str) -> dict[str, Any]:
    """The schema of `topic` and its definitions, each a component of its own."""
    whole = schemas.schema(topic)
    kept = {name: part for name, part in whole.items() if name not in ("$schema", "$id", "$defs", "examples")}
    found = {_name(topic): _moved(kept)}
    for name, part in whole["$defs"].items():
        found[f"def-{name}"] = _moved(part)
    return found


def _moved(part: Any) -> Any:
    """`part` with its references to definitions leading to the components."""
    if isinstance(part, dict):
        return {
            name: value.replace("#/$defs/", "#/components/schemas/def-") if name == "$ref" else _moved(value)
            for name, value in part.items()
        }
    if isinstance(part, list):
        return [_moved(item) for item in part]
    return part


def _reference(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def _name(topic: str) -> str:
    return "".join(word.capitalize() for word in topic.split("-"))
