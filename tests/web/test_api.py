"""The JSON twins of the pages, without Kafka."""

from __future__ import annotations

from datetime import timedelta

import httpx
import orjson
import pytest

from stream_app.contracts import encode
from stream_app.web.view import View
from tests.web.made import (
    KICKOFF,
    alert,
    board,
    evaluation,
    prediction,
    record,
)


async def test_the_api_gives_messages_as_they_were_published(client: httpx.AsyncClient) -> None:
    for address, event in (
        ("/api/v1/predictions?state=settled", prediction("m1")),
        ("/api/v1/evaluations", evaluation("m1")),
        ("/api/v1/alerts?state=open", alert(1)),
        ("/api/v1/scoreboard?competition=bundesliga", board(200)),
    ):
        answer = (await client.get(address)).json()
        assert answer == {"items": [orjson.loads(encode(event))], "total": 1, "next": None}


async def test_the_api_tells_of_competitions_and_matches(client: httpx.AsyncClient) -> None:
    (line,) = (await client.get("/api/v1/competitions")).json()["items"]
    assert line == {
        "name": "bundesliga",
        "slug": "bundesliga",
        "clock": "1974-05-19T13:30:00Z",
        "open_matches": 1,
        "open_alerts": 1,
    }
    detail = (await client.get("/api/v1/competitions/bundesliga")).json()
    assert (detail["competition"], detail["scoreboard"]["matches"]) == (line, 200)
    match = (await client.get("/api/v1/competitions/bundesliga/matches/m1")).json()
    assert [len(match["revisions"]), len(match["evaluations"])] == [1, 1]


async def test_the_api_tells_its_state(client: httpx.AsyncClient) -> None:
    status = (await client.get("/api/v1/status")).json()
    assert (status["phase"], status["behind"], status["counts"]["predictions"]) == ("live", 2, 2)


async def test_the_api_gives_long_lists_in_pages(client: httpx.AsyncClient, view: View) -> None:
    for number in range(25):
        view.apply(record(evaluation(f"e{number}", kickoff=KICKOFF + timedelta(days=number + 1))))
    seen: list[str] = []
    offset: int | None = 0
    while offset is not None:
        answer = (await client.get("/api/v1/evaluations", params={"limit": 10, "offset": offset})).json()
        seen += [item["match_id"] for item in answer["items"]]
        offset = answer["next"]
    assert seen == [*(f"e{number}" for number in reversed(range(25))), "m1"]


async def test_the_api_does_not_send_again_what_the_asker_has(client: httpx.AsyncClient, view: View) -> None:
    first = await client.get("/api/v1/predictions")
    again = await client.get("/api/v1/predictions", headers={"If-None-Match": f'"other", {first.headers["etag"]}'})
    assert (again.status_code, again.content) == (304, b"")
    view.apply(record(prediction("m5")))
    changed = await client.get("/api/v1/predictions", headers={"If-None-Match": first.headers["etag"]})
    assert changed.status_code == 200


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/api/v1/competitions/none", 404),
        ("/api/v1/predictions?competition=none", 404),
        ("/api/v1/competitions/bundesliga/matches/none", 404),
        ("/api/v1/predictions?limit=0", 422),
        ("/api/v1/predictions?limit=100000", 422),
        ("/api/v1/predictions?state=maybe", 422),
        ("/live/nowhere", 422),
        ("/live/competition?competition=none", 404),
    ],
)
async def test_a_wrong_question_is_told_what_is_wrong(client: httpx.AsyncClient, address: str, status: int) -> None:
    answer = await client.get(address)
    assert answer.status_code == status
    assert answer.json()["detail"]


async def test_every_address_of_the_api_is_described(client: httpx.AsyncClient) -> None:
    described = (await client.get("/api/v1/openapi.json")).json()["paths"]
    assert set(described) == {
        "/api/v1/status",
        "/api/v1/competitions",
        "/api/v1/competitions/{competition}",
        "/api/v1/competitions/{competition}/matches/{match}",
        "/api/v1/competitions/{competition}/models",
        "/api/v1/competitions/{competition}/ratings",
        "/api/v1/competitions/{competition}/commands",
        "/api/v1/competitions/{competition}/commands/{command_id}",
        "/api/v1/models",
        "/api/v1/evidence",
        "/api/v1/model-events",
        "/api/v1/analytics",
        "/api/v1/scoreboard",
        "/api/v1/predictions",
        "/api/v1/evaluations",
        "/api/v1/alerts",
        "/api/v1/dead-letters",
        "/api/v1/log",
        "/api/v1/log.csv",
    }
    del described["/api/v1/log.csv"]
    for operations in described.values():
        for operation in operations.values():
            answers = [told for code, told in operation["responses"].items() if code < "300"]
            assert "$ref" in orjson.dumps(answers).decode()
