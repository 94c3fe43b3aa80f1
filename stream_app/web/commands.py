"""What an operator may ask of the models: a page that asks for the reason, and the same as JSON.

Nothing is changed here. A command goes to its topic with the name of who gave it; what became of it is told by the
event that the workers publish, and only by that.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Literal
from urllib.parse import urlencode

import orjson
from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.responses import HTMLResponse, RedirectResponse, Response

from stream_app.errors import InvalidInput, Retryable
from stream_app.events import ModelCommand, ModelEvent, name_id
from stream_app.web.api import answer
from stream_app.web.competition import CompetitionView
from stream_app.web.drawing import Drawer
from stream_app.web.forms import body_of, form_of
from stream_app.web.frame import Scope
from stream_app.web.recent import slug
from stream_app.web.scenes import Scenes
from stream_app.web.sending import Sends
from stream_app.web.sessions import Session, current
from stream_app.web.signing_in import Door
from stream_app.web.view import View

Offered = Literal["promote", "rollback", "approve", "reject", "freeze", "unfreeze", "reinforce", "retire"]
"""What can be asked for in a browser. The other commands carry states and figures: `stream-app models` gives them."""

WHAT_HAPPENS: Mapping[Offered, str] = {
    "promote": "It becomes champion with the next match: its forecast is the one that counts.",
    "rollback": "The last change of champion is taken back: the one before it counts again.",
    "approve": "The proposal is carried out: the challenger becomes champion.",
    "reject": "The proposal is turned down; the champion stays.",
    "freeze": "It goes on predicting, but changes no more until it is unfrozen.",
    "unfreeze": "It may change again.",
    "reinforce": "A better version of it is looked for, and taken only if it proves better on matches held back.",
    "retire": "It predicts no more. Its history stays.",
}
NEEDS_OPERATOR = "{name} may look, not change anything: this needs an account with the role operator."


class Wanted(BaseModel):
    """What a command is about."""

    model_config = ConfigDict(extra="forbid")

    action: Offered
    model: str | None = Field(None, description="What it is about; without it a freeze is of the whole line-up.")
    version: int | None = Field(None, description="Without it, the version at work.")
    proposal_id: str | None = Field(None, description="Of `approve` and `reject`; without it, the open one.")


class Order(Wanted):
    """A command as a program gives it. The same `command_id` again changes nothing."""

    why: str = Field(description="The reason, for whoever reads the history.")
    command_id: str | None = Field(None, description="A name of its own; without it, one is made.")


@dataclass(frozen=True, slots=True)
class Fate:
    """A command and the events that tell what became of it; none as long as the workers have not come to it."""

    command_id: str
    competition: str
    events: list[ModelEvent]


def router(
    view: View, scenes: Scenes, drawer: Drawer, door: Door, send: Sends, clock: Callable[[], datetime]
) -> APIRouter:
    """The page on which an operator gives the reason, and its twin. `clock` tells the time of day, with its zone."""
    routes = APIRouter()

    def found(competition: str) -> CompetitionView:
        it = view.competition(slug(competition))
        if it is None:
            raise HTTPException(404, f"nothing has been heard of a competition {competition!r}")
        return it

    def page(
        it: CompetitionView, session: Session, command: ModelCommand, trouble: str = "", status: int = 200
    ) -> HTMLResponse:
        return drawer.still(
            scenes.compose(Scope("status")),
            "command.html",
            "Change the models",
            twin=f"/api/v1/competitions/{it.slug}/models",
            status=status,
            context={
                "it": it,
                "command": command,
                "what_happens": WHAT_HAPPENS[command.action],  # type: ignore[index]  # only such are made here
                "seal": session.seal(command.command_id),
                "trouble": trouble,
            },
        )

    def operator(address: str) -> Session | Response:
        session = current()
        if session is None:
            return RedirectResponse(f"/sign-in?{urlencode({'onward': address})}", HTTPStatus.SEE_OTHER)
        if not session.account.may_change:
            return drawer.missing(NEEDS_OPERATOR.format(name=session.account.name), HTTPStatus.FORBIDDEN)
        return session

    @routes.get("/competitions/{competition}/command", include_in_schema=False)
    async def ask(request: Request, competition: str, wanted: Annotated[Wanted, Query()]) -> Response:
        session = operator(f"{request.url.path}?{request.url.query}")
        if isinstance(session, Response):
            return session
        it = found(competition)
        return page(it, session, _command(it, wanted, session.account.name, "", clock()))

    @routes.post("/competitions/{competition}/command", include_in_schema=False)
    async def give(request: Request, competition: str) -> Response:
        fields = await form_of(request)
        session = operator(f"/competitions/{slug(competition)}/models")
        if isinstance(session, Response):
            return session
        command_id, why = fields.pop("command_id", ""), fields.pop("why", "")
        if not session.sealed(command_id, fields.pop("seal", "")):
            raise HTTPException(403, "this form was not made for you")
        it = found(competition)
        try:
            wanted = Wanted.model_validate({name: value for name, value in fields.items() if value})
        except ValidationError as error:
            raise RequestValidationError(error.errors()) from None
        command = replace(_command(it, wanted, session.account.name, why, clock()), command_id=command_id)
        if not why:
            return page(it, session, command, "Say why, for whoever reads the history", 400)
        try:
            await send(command)
        except InvalidInput as error:
            return page(it, session, command, str(error), 400)
        except Retryable as error:
            return page(it, session, command, f"{error}. Nothing is lost: send it again", 503)
        return RedirectResponse(
            f"/competitions/{it.slug}/models?{urlencode({'command': command_id})}", HTTPStatus.SEE_OTHER
        )

    @routes.post("/api/v1/competitions/{competition}/commands", status_code=202, response_model=Fate)
    async def give_as_json(request: Request, competition: str) -> Response:
        """Ask something of the models: `action`, `why`, and what it is about, with the token of an operator."""
        account = door.bearer(request)
        if not account.may_change:
            raise HTTPException(403, NEEDS_OPERATOR.format(name=account.name))
        it = found(competition)
        try:
            order = Order.model_validate_json(await body_of(request))
        except ValidationError as error:
            raise HTTPException(422, error.errors(include_url=False, include_context=False)) from None
        command = _command(it, order, account.name, order.why.strip(), clock())
        if order.command_id is not None:
            command = replace(command, command_id=order.command_id)
        try:
            await send(command)
        except InvalidInput as error:
            raise HTTPException(422, str(error)) from None
        except Retryable as error:
            raise HTTPException(503, str(error)) from None
        address = f"/api/v1/competitions/{it.slug}/commands/{command.command_id}"
        fate = orjson.dumps(Fate(command.command_id, it.name, []))
        return Response(fate, HTTPStatus.ACCEPTED, {"Location": address}, "application/json")

    @routes.get("/api/v1/competitions/{competition}/commands/{command_id}", response_model=Fate)
    async def fate(request: Request, competition: str, command_id: str) -> Response:
        """What became of a command: the events that answer it, none as long as there is no answer."""
        it = found(competition)
        return answer(request, Fate(command_id, it.name, it.lineup.outcome_of(command_id)))

    return routes


def _command(it: CompetitionView, wanted: Wanted, who: str, why: str, now: datetime) -> ModelCommand:
    return ModelCommand(
        command_id=name_id("command", it.name, secrets.token_hex(16)),
        competition=it.name,
        action=wanted.action,
        issued_at=now,
        who=who,
        why=why,
        model=wanted.model,
        version=wanted.version,
        proposal_id=wanted.proposal_id,
    )
