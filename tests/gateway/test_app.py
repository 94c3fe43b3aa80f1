from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any

import httpx
import orjson
import pytest
from prometheus_client import REGISTRY

from stream_app import schemas
from stream_app.contracts import encode
from stream_app.errors import Retryable
from stream_app.feeds.schedule import schedule
from stream_app.gateway.app import Limits, create_app
from stream_app.gateway.outbox import Conflict, Message, Outbox, Receipt
from stream_app.gateway.tokens import Tokens, new_token
from stream_app.topics import FEATURES, RESULTS
from tests.support.matches import played

TOKEN, SETTING = new_token("feed")
LIMITS = Limits(body_bytes=20_000, message_bytes=2_000, per_second=1.0, burst=20, answer_s=0.2)
EVENTS = list(schedule(played("a", 10)))
VALUES = [encode(event) for event in EVENTS]
FEATURE_VALUES = [value for value in VALUES if b"as_of" in value]
PROBLEM = "application/problem+json"


class Remembering(Outbox):
    """An outbox that brings nothing anywhere: it keeps what it is given, and fails when it is told to."""

    def __init__(self) -> None:
        super().__init__("nowhere:1")
        self.sent: list[Message] = []
        self.failure: Exception | None = None

    async def send(self, messages: Sequence[Message]) -> list[Receipt]:
        if self.failure is not None:
            raise self.failure
        known = {message.id for message in self.sent}
        self.sent += [message for message in messages if message.id not in known]
        return [Receipt(message.id, message.topic, 0, 7, message.id in known) for message in messages]


@pytest.fixture
def outbox() -> Remembering:
    return Remembering()


@pytest.fixture
async def client(outbox: Remembering) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(outbox, Tokens.read(SETTING), LIMITS)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://gateway", headers={"Authorization": f"Bearer {TOKEN}"}
    ) as client:
        yield client


def problem(answer: httpx.Response, status: int) -> dict[str, Any]:
    assert (answer.status_code, answer.headers["content-type"]) == (status, PROBLEM)
    body: dict[str, Any] = answer.json()
    assert (body["status"], body["type"]) == (status, "about:blank")
    return body


def json(value: bytes, **headers: str) -> dict[str, Any]:
    return {"content": value, "headers": {"Content-Type": "application/json", **headers}}


def ndjson(*values: bytes, **headers: str) -> dict[str, Any]:
    return {
        "content": b"\n".join(values),
        "headers": {"Content-Type": "application/x-ndjson; charset=utf-8", **headers},
    }


async def test_a_message_is_sent_and_its_place_is_told(client: httpx.AsyncClient, outbox: Remembering) -> None:
    answer = await client.post("/v1/features", **json(VALUES[0]))
    [sent] = outbox.sent
    assert (answer.status_code, answer.json()) == (
        202,
        {"id": sent.id, "topic": FEATURES, "partition": 0, "offset": 7, "repeated": False},
    )
    assert (sent.client, sent.topic, sent.key, sent.value) == ("feed", FEATURES, b"a", VALUES[0])


async def test_a_message_is_the_same_however_it_is_written(client: httpx.AsyncClient, outbox: Remembering) -> None:
    await client.post("/v1/features", **json(VALUES[0]))
    written = orjson.dumps(orjson.loads(VALUES[0]), option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS)
    again = await client.post("/v1/features", **json(written.replace(b"Z", b"+00:00")))
    assert again.json()["repeated"] is True
    assert len(outbox.sent) == 1


async def test_a_key_makes_a_message_of_its_own(client: httpx.AsyncClient, outbox: Remembering) -> None:
    for key in ("one", "one", "two"):
        await client.post("/v1/features", **json(VALUES[0], **{"Idempotency-Key": key}))
    assert len(outbox.sent) == 2


async def test_a_batch_is_sent_in_its_order(client: httpx.AsyncClient, outbox: Remembering) -> None:
    results = [value for value in VALUES if b"finished_at" in value]
    answer = await client.post("/v1/results", **ndjson(*results, b"", b"  ", results[0]))
    assert (answer.json()["accepted"], answer.json()["repeated"]) == (11, 0)
    assert [(sent.topic, sent.value) for sent in outbox.sent][:10] == [(RESULTS, value) for value in results]


async def test_a_batch_with_a_wrong_line_is_not_sent_at_all(client: httpx.AsyncClient, outbox: Remembering) -> None:
    answer = await client.post("/v1/features", **ndjson(FEATURE_VALUES[0], b"{}", FEATURE_VALUES[1], b"["))
    told = problem(answer, 422)
    assert told["detail"] == "2 of 4 messages are wrong; nothing was sent"
    assert [error["line"] for error in told["errors"]] == [2, 4]
    assert told["errors"][0]["detail"].startswith("match_id is missing: wanted name of the match")
    assert outbox.sent == []


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (b"", "value is not JSON"),
        (b"[1]", "value an array of 1 items: wanted a JSON object"),
        (VALUES[0].replace(b'"home":', b'"house":'), "home is missing"),
        (b'{"as_of":"\xff"}', "value is not JSON"),
    ],
)
async def test_what_is_wrong_is_told(value: bytes, reason: str, client: httpx.AsyncClient) -> None:
    assert reason in problem(await client.post("/v1/features", **json(value)), 422)["detail"]


async def test_results_are_no_features(client: httpx.AsyncClient) -> None:
    answer = await client.post("/v1/results", **json(FEATURE_VALUES[0]))
    assert "finished_at is missing" in problem(answer, 422)["detail"]


@pytest.mark.parametrize("header", [{"Authorization": "Bearer wrong"}, {"Authorization": ""}])
async def test_without_a_token_nothing_is_taken(header: dict[str, str], client: httpx.AsyncClient) -> None:
    answer = await client.post("/v1/features", **json(VALUES[0], **header))
    problem(answer, 401)
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    ("request_", "status", "detail"),
    [
        (json(VALUES[0], **{"Idempotency-Key": "a b"}), 400, "Idempotency-Key: wanted 1 to 200"),
        (json(VALUES[0], **{"Idempotency-Key": "a" * 201}), 400, "Idempotency-Key: wanted 1 to 200"),
        (json(VALUES[0], **{"Content-Type": "text/plain"}), 415, "Content-Type 'text/plain': wanted application/json"),
        (json(b" " * 2_001), 413, "message of 2001 bytes: wanted at most 2000"),
        (json(b" " * 20_001), 413, "body: wanted at most 20000 bytes"),
        (ndjson(*[b"{}"] * 21), 413, "batch of 21 messages: wanted at most 20"),
        (ndjson(b"", b" "), 422, "batch without a message"),
    ],
)
async def test_what_cannot_be_taken_is_told(
    request_: dict[str, Any], status: int, detail: str, client: httpx.AsyncClient
) -> None:
    assert detail in problem(await client.post("/v1/features", **request_), status)["detail"]


async def test_more_than_the_rate_has_to_wait(client: httpx.AsyncClient, outbox: Remembering) -> None:
    first = await client.post("/v1/features", **ndjson(*[FEATURE_VALUES[0]] * 20))
    assert first.status_code == 202
    second = await client.post("/v1/features", **ndjson(*FEATURE_VALUES[:5]))
    assert problem(second, 429)["detail"] == "5 messages: wanted at most 1 a second"
    assert second.headers["retry-after"] == "5"


@pytest.mark.parametrize(
    ("failure", "status", "detail"),
    [
        (Conflict("id"), 409, "Idempotency-Key: it came with another message before"),
        (Retryable("the brokers are away"), 503, "the brokers are away; asking again with the same key and body is"),
        (TimeoutError(), 503, "no confirmation within 0.2 s; asking again"),
    ],
)
async def test_what_the_brokers_do_not_have_is_told(
    failure: Exception, status: int, detail: str, client: httpx.AsyncClient, outbox: Remembering
) -> None:
    outbox.failure = failure
    answer = await client.post("/v1/features", **json(VALUES[0]))
    assert detail in problem(answer, status)["detail"]
    assert answer.headers.get("retry-after") == ("1" if status == 503 else None)


async def test_answers_are_counted(client: httpx.AsyncClient) -> None:
    def count(status: int) -> float:
        return REGISTRY.get_sample_value("stream_app_gateway_requests_total", {"status": str(status)}) or 0.0

    taken, refused = count(202), count(422)
    await client.post("/v1/features", **json(VALUES[0]))
    await client.post("/v1/features", **json(b"{}"))
    assert (count(202), count(422)) == (taken + 1, refused + 1)
    assert REGISTRY.get_sample_value("stream_app_gateway_waiting") == 0.0


async def test_other_paths_and_methods_are_problems_too(client: httpx.AsyncClient) -> None:
    problem(await client.get("/v1/weather"), 404)
    answer = await client.get("/v1/features")
    problem(answer, 405)
    assert answer.headers["allow"] == "POST"
    assert (await client.get("/health", headers={"Authorization": ""})).json() == {"status": "up", "waiting": 0}


async def test_its_document_has_the_messages_own_schemas(client: httpx.AsyncClient) -> None:
    document = (await client.get("/v1/openapi.json")).json()
    assert document["openapi"].startswith("3.1")
    assert set(document["paths"]) == {"/v1/features", "/v1/results"}
    components = document["components"]["schemas"]
    assert list(components["MatchFeatures"]["properties"]) == list(schemas.schema(FEATURES)["properties"])
    text = orjson.dumps(document).decode()
    assert "$defs" not in text
    for operation in document["paths"].values():
        assert operation["post"]["security"] == [{"bearer": []}]
        assert set(operation["post"]["responses"]) == {
            "202", "400", "401", "409", "413", "415", "422", "429", "503",
        }  # fmt: skip
