"""Signing in and giving commands, as a browser and as a program, without Kafka."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import httpx
import pytest

from stream_app.errors import InvalidInput, Retryable
from stream_app.web.accounts import Account, digest_of
from stream_app.web.app import create_app
from stream_app.web.attempts import FROM_ONE
from stream_app.web.view import View
from tests.web.asked import Reading
from tests.web.made import Sent, board, evaluation, model_event, operating, proposal_line, record, registry

ADA = Account("ada", "operator", digest_of("sat_ada"))
BOB = Account("bob", "viewer", digest_of("sat_bob"))
TOKEN = "sat_ada"
HERE = {"Origin": "http://view", "Accept": "text/html"}
PROMOTE = "/competitions/bundesliga/command?action=promote&model=base_rate&version=1"
ORDERS = "/api/v1/competitions/bundesliga/commands"


@pytest.fixture
def view() -> View:
    view = View(window=100)
    for event in (evaluation("m1"), board(200), registry(proposals=(proposal_line(),))):
        view.apply(record(event))
    return view


@pytest.fixture
def sent() -> Sent:
    return Sent()


@pytest.fixture
async def client(view: View, sent: Sent) -> AsyncIterator[httpx.AsyncClient]:
    app, _ = create_app(view, Reading(), operating(ADA, BOB, send=sent), window=100, batch_s=0.3)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://view", headers=HERE) as client:
        yield client


async def sign_in(client: httpx.AsyncClient, token: str = TOKEN, onward: str = "/") -> httpx.Response:
    return await client.post("/sign-in", data={"token": token, "onward": onward})


def fields_of(html: str) -> dict[str, str]:
    """The hidden fields of the form on a page."""
    return dict(re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', html))


async def test_signing_in_gives_a_cookie_that_scripts_and_other_sites_do_not_get(client: httpx.AsyncClient) -> None:
    answer = await sign_in(client, onward=PROMOTE)
    assert answer.status_code == 303
    assert answer.headers["location"] == PROMOTE
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "path=/" in cookie
    assert "secure" not in cookie
    page = await client.get("/")
    assert "Sign out" in page.text
    assert "sat_ada" not in page.text
    await client.post("/sign-out")
    assert "Sign out" not in (await client.get("/")).text


async def test_over_tls_the_cookie_is_for_tls_only(client: httpx.AsyncClient) -> None:
    answer = await client.post("https://view/sign-in", data={"token": "sat_ada"}, headers={"Origin": "https://view"})
    assert "secure" in answer.headers["set-cookie"].lower()


@pytest.mark.parametrize(
    "onward", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"]
)
async def test_signing_in_leads_to_a_page_of_this_server_only(client: httpx.AsyncClient, onward: str) -> None:
    assert (await sign_in(client, onward=onward)).headers["location"] == "/"


async def test_a_wrong_token_is_refused_and_guessing_is_slowed_down(client: httpx.AsyncClient) -> None:
    for _ in range(FROM_ONE):
        answer = await sign_in(client, "wrong")
        assert answer.status_code == 401
        assert "No account has this token" in answer.text
        assert "set-cookie" not in answer.headers
    answer = await sign_in(client, "sat_ada")
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 0
    program = await client.post(ORDERS, headers={"Authorization": "Bearer sat_ada"}, json={})
    assert program.status_code == 429


async def test_without_accounts_the_page_says_how_to_make_one(view: View) -> None:
    app, _ = create_app(view, Reading(), operating(), window=100, batch_s=0.3)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://view", headers=HERE) as client:
        assert "stream-app web-token" in (await client.get("/sign-in")).text
        assert (await client.post("/sign-in", data={"token": ""})).status_code == 401


async def test_an_operator_promotes_with_a_reason_and_sees_what_came_of_it(
    client: httpx.AsyncClient, view: View, sent: Sent
) -> None:
    await sign_in(client)
    form = await client.get(PROMOTE)
    assert "It becomes champion with the next match" in form.text
    fields = fields_of(form.text)
    answer = await client.post("/competitions/bundesliga/command", data={**fields, "why": " it proved better "})
    assert answer.status_code == 303
    (command,) = sent.commands
    assert (command.action, command.model, command.version) == ("promote", "base_rate", 1)
    assert (command.who, command.why, command.competition) == ("ada", "it proved better", "bundesliga")
    assert command.command_id == fields["command_id"]

    address = answer.headers["location"]
    assert "is on its way" in (await client.get(address)).text
    view.apply(record(model_event(1, "refused", command_id=command.command_id, reason="it is champion already")))
    told = (await client.get(address)).text
    assert "Refused" in told
    assert "it is champion already" in told
    assert "is on its way" not in told


async def test_a_form_that_is_sent_twice_is_one_command(client: httpx.AsyncClient, sent: Sent) -> None:
    await sign_in(client)
    fields = fields_of((await client.get(PROMOTE)).text)
    for _ in range(2):
        await client.post("/competitions/bundesliga/command", data={**fields, "why": "because"})
    assert len({command.command_id for command in sent.commands}) == 1
    assert fields_of((await client.get(PROMOTE)).text)["command_id"] != fields["command_id"]


async def test_without_a_reason_nothing_is_sent(client: httpx.AsyncClient, sent: Sent) -> None:
    await sign_in(client)
    fields = fields_of((await client.get(PROMOTE)).text)
    answer = await client.post("/competitions/bundesliga/command", data={**fields, "why": "  "})
    assert answer.status_code == 400
    assert "Say why" in answer.text
    assert fields_of(answer.text) == fields
    assert sent.commands == []


async def test_whoever_is_not_signed_in_is_sent_to_sign_in_and_back(client: httpx.AsyncClient, sent: Sent) -> None:
    answer = await client.get(PROMOTE)
    assert answer.status_code == 303
    page = await client.get(answer.headers["location"])
    assert fields_of(page.text)["onward"].replace("&amp;", "&") == PROMOTE
    assert (await client.post("/competitions/bundesliga/command", data={"why": "because"})).status_code == 303
    assert sent.commands == []


async def test_a_viewer_may_not_change_anything(client: httpx.AsyncClient, sent: Sent) -> None:
    await sign_in(client, "sat_bob")
    answer = await client.get(PROMOTE)
    assert answer.status_code == 403
    assert "role operator" in answer.text
    assert (await client.post("/competitions/bundesliga/command", data={"why": "because"})).status_code == 403
    order = {"action": "freeze", "why": "because"}
    assert (await client.post(ORDERS, headers={"Authorization": "Bearer sat_bob"}, json=order)).status_code == 403
    assert sent.commands == []


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://view.evil.example", None])
async def test_what_another_site_sends_is_refused(client: httpx.AsyncClient, sent: Sent, origin: str | None) -> None:
    await sign_in(client)
    fields = fields_of((await client.get(PROMOTE)).text) | {"why": "because"}
    del client.headers["origin"]
    headers = {} if origin is None else {"Origin": origin}
    for address in ("/competitions/bundesliga/command", "/sign-in", "/sign-out"):
        assert (await client.post(address, data=fields, headers=headers)).status_code == 403, address
    assert sent.commands == []


async def test_a_form_made_for_somebody_else_is_refused(client: httpx.AsyncClient, sent: Sent) -> None:
    await sign_in(client)
    fields = fields_of((await client.get(PROMOTE)).text) | {"why": "because"}
    for changed in ({"seal": "0" * 64}, {"seal": ""}, {"command_id": "another"}):
        answer = await client.post("/competitions/bundesliga/command", data=fields | changed)
        assert answer.status_code == 403, changed
    assert sent.commands == []


async def test_a_body_that_is_no_form_or_too_long_is_refused(client: httpx.AsyncClient) -> None:
    await sign_in(client)
    address = "/competitions/bundesliga/command"
    assert (await client.post(address, json={})).status_code == 415
    assert (await client.post(address, data={"why": "x" * 20_000})).status_code == 413
    assert (await client.post(address, content=b"%ff=%ff", headers=FORM)).status_code == 400
    bearer = {"Authorization": "Bearer sat_ada"}
    assert (await client.post(ORDERS, headers=bearer, content=b"x" * 20_000)).status_code == 413


FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.mark.parametrize(
    ("trouble", "status"), [(Retryable("Kafka does not take it"), 503), (InvalidInput("why: too long"), 400)]
)
async def test_what_cannot_be_sent_is_told_and_can_be_sent_again(
    client: httpx.AsyncClient, sent: Sent, trouble: Exception, status: int
) -> None:
    await sign_in(client)
    fields = fields_of((await client.get(PROMOTE)).text)
    sent.trouble = trouble
    answer = await client.post("/competitions/bundesliga/command", data={**fields, "why": "because"})
    assert answer.status_code == status
    assert str(trouble) in answer.text
    assert 'value="because"' in answer.text
    assert fields_of(answer.text) == fields


async def test_an_unknown_action_cannot_be_asked_for(client: httpx.AsyncClient) -> None:
    await sign_in(client)
    unknown = "/competitions/bundesliga/command?action=handover"
    as_json = await client.get(unknown, headers={"Accept": "application/json"})
    assert (as_json.status_code, as_json.json()["detail"][0]["loc"]) == (422, ["query", "action"])
    page = await client.get(unknown, headers={"Accept": "text/html,*/*"})
    assert (page.status_code, page.headers["content-type"]) == (400, "text/html; charset=utf-8")
    assert "<h1>Not understood</h1>" in page.text
    assert "action &#39;handover&#39;: input should be &#39;promote&#39;" in page.text
    assert (await client.get("/competitions/none/command?action=freeze")).status_code == 404
    fields = fields_of((await client.get(PROMOTE)).text) | {"why": "because", "action": "handover"}
    posted = await client.post("/competitions/bundesliga/command", data=fields, headers={"Accept": "text/html"})
    assert posted.status_code == 400
    assert "action &#39;handover&#39;: input should be &#39;promote&#39;" in posted.text


async def test_a_program_gives_a_command_with_its_token(client: httpx.AsyncClient, view: View, sent: Sent) -> None:
    bearer = {"Authorization": "Bearer sat_ada"}
    order = {"action": "freeze", "why": "a quiet week", "command_id": "freeze-1"}
    answer = await client.post(ORDERS, headers=bearer, json=order)
    assert answer.status_code == 202
    assert answer.json() == {"command_id": "freeze-1", "competition": "bundesliga", "events": []}
    (command,) = sent.commands
    assert (command.command_id, command.action, command.model, command.who) == ("freeze-1", "freeze", None, "ada")
    address = answer.headers["location"]
    assert (await client.get(address)).json()["events"] == []
    view.apply(record(model_event(1, "frozen", command_id="freeze-1")))
    assert [event["kind"] for event in (await client.get(address)).json()["events"]] == ["frozen"]


async def test_a_program_without_a_good_token_is_refused(client: httpx.AsyncClient, sent: Sent) -> None:
    order = {"action": "freeze", "why": "because"}
    await sign_in(client)
    # A cookie is no token: what a browser sends along by itself gives no command here.
    assert (await client.post(ORDERS, json=order)).status_code == 401
    answer = await client.post(ORDERS, headers={"Authorization": "Bearer nonsense"}, json=order)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    bearer = {"Authorization": "Bearer sat_ada"}
    for wrong in ({"action": "freeze"}, {**order, "artefact": "x"}, {**order, "action": "handover"}):
        assert (await client.post(ORDERS, headers=bearer, json=wrong)).status_code == 422, wrong
    assert sent.commands == []


async def test_only_an_operator_is_shown_what_can_be_changed(client: httpx.AsyncClient) -> None:
    page = "/competitions/bundesliga/models"
    assert 'class="operator"' not in (await client.get(page)).text
    await sign_in(client, "sat_bob")
    assert 'class="operator"' not in (await client.get(page)).text
    await sign_in(client)
    text = (await client.get(page)).text
    assert 'class="operator"' in text
    for action in ("promote", "freeze", "reinforce", "retire", "rollback", "approve", "reject"):
        assert f"command?action={action}" in text
