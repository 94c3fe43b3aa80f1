"""The JSON twins of the pages, under `/api/v1`: read-only, and its items are the messages as they were published."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Generic, Literal, TypeVar

import orjson
from fastapi import APIRouter, HTTPException, Query, Request
from pydantic import BaseModel
from starlette.responses import Response

from stream_app.errors import Retryable
from stream_app.events import DecayAlert, Evaluation, Prediction, Scoreboard
from stream_app.web.competition import CompetitionView
from stream_app.web.frame import Unknown
from stream_app.web.groups import Group
from stream_app.web.health import PartitionPlace
from stream_app.web.history import match_on_record
from stream_app.web.log_store import LogStore
from stream_app.web.recent import slug
from stream_app.web.scenes import Source
from stream_app.web.series import Point
from stream_app.web.view import CheckpointSeen, Counts, DeadLetter, View

PAGE_SIZE = 50
PAGE_SIZE_MAX = 200

Item = TypeVar("Item")

Limit = Annotated[int, Query(ge=1, le=PAGE_SIZE_MAX, description="Most items to answer with.")]
Offset = Annotated[int, Query(ge=0, description="Items to leave out from the beginning.")]
Competition = Annotated[str | None, Query(description="Key or slug of a competition. Empty: all of them.")]


class Items(BaseModel, Generic[Item]):
    """A page of items. `total` counts those that are held; `next` is the offset of the next page, null at the end."""

    items: list[Item]
    total: int
    next: int | None


@dataclass(frozen=True, slots=True)
class CompetitionLine:
    """One competition in short. `clock` is the latest event time that was seen of it."""

    name: str
    slug: str
    clock: datetime | None
    open_matches: int
    open_alerts: int


@dataclass(frozen=True, slots=True)
class CompetitionDetail:
    """One competition: its scoreboard, and each model's log loss over the rolling window as it went."""

    competition: CompetitionLine
    scoreboard: Scoreboard | None
    losses: list[Point]


@dataclass(frozen=True, slots=True)
class MatchDetail:
    """All that is held of one match: the revisions of its prediction, and what was said of its end, oldest first."""

    match_id: str
    competition: str
    home: str
    away: str
    kickoff: datetime
    revisions: list[Prediction]
    evaluations: list[Evaluation]


@dataclass(frozen=True, slots=True)
class Status:
    """How fresh everything is, how far everybody has read, and what was counted since the process started."""

    phase: Literal["connecting", "catching up", "live", "stale"]
    since: datetime
    detail: str
    rate: float
    behind: int
    places: Sequence[PartitionPlace]
    groups: Sequence[Group]
    checkpoints: Sequence[CheckpointSeen]
    counts: Counts


def router(view: View, source: Source, store: LogStore | None) -> APIRouter:
    """All addresses under `/api/v1`."""
    routes = APIRouter(prefix="/api/v1")

    def chosen(competition: str | None) -> list[CompetitionView]:
        return view.competitions if competition is None else [found(competition)]

    def found(competition: str) -> CompetitionView:
        it = view.competition(slug(competition))
        if it is None:
            raise HTTPException(404, f"nothing has been heard of a competition {competition!r}")
        return it

    @routes.get("/status", response_model=Status)
    async def status(request: Request) -> Response:
        health = source.health
        return answer(
            request,
            Status(
                health.phase,
                health.since,
                health.detail,
                health.rate,
                health.behind,
                health.places,
                source.groups,
                [checkpoint for _, checkpoint in sorted(view.checkpoints.items())],
                view.counts,
            ),
        )

    @routes.get("/competitions", response_model=Items[CompetitionLine])
    async def competitions(request: Request, limit: Limit = PAGE_SIZE, offset: Offset = 0) -> Response:
        return answer(request, page([line(it) for it in view.competitions], limit, offset))

    @routes.get("/competitions/{competition}", response_model=CompetitionDetail)
    async def competition(request: Request, competition: str) -> Response:
        it = found(competition)
        return answer(request, CompetitionDetail(line(it), it.board, it.losses.points()))

    @routes.get("/competitions/{competition}/matches/{match:path}", response_model=MatchDetail)
    async def match(request: Request, competition: str, match: str) -> Response:
        it = found(competition)
        try:
            held = it.match(slug(match)) or await match_on_record(store, it.name, match)
        except Unknown as error:
            raise HTTPException(404, str(error)) from None
        except Retryable as error:
            raise HTTPException(503, str(error)) from None
        return answer(
            request,
            MatchDetail(
                held.match_id,
                held.competition,
                held.home,
                held.away,
                held.kickoff,
                list(held.revisions),
                list(held.evaluations),
            ),
        )

    @routes.get("/scoreboard", response_model=Items[Scoreboard])
    async def scoreboard(
        request: Request, competition: Competition = None, limit: Limit = PAGE_SIZE, offset: Offset = 0
    ) -> Response:
        boards = [it.board for it in chosen(competition) if it.board is not None]
        return answer(request, page(boards, limit, offset))

    @routes.get("/predictions", response_model=Items[Prediction])
    async def predictions(
        request: Request,
        competition: Competition = None,
        state: Literal["open", "settled"] | None = None,
        limit: Limit = PAGE_SIZE,
        offset: Offset = 0,
    ) -> Response:
        """The revision that holds of each match: open ones by kickoff, then settled ones, the last settled first."""
        its = chosen(competition)
        opened = [match for it in its for match in it.open_matches()] if state != "settled" else []
        settled = [match for it in its for match in it.settled_matches()] if state != "open" else []
        opened.sort(key=lambda match: (match.kickoff, match.slug))
        settled.sort(key=lambda match: match.kickoff, reverse=True)
        held = [match.prediction for match in (*opened, *settled) if match.prediction is not None]
        return answer(request, page(held, limit, offset))

    @routes.get("/evaluations", response_model=Items[Evaluation])
    async def evaluations(
        request: Request, competition: Competition = None, limit: Limit = PAGE_SIZE, offset: Offset = 0
    ) -> Response:
        """The last word on each match that has ended, the last kickoff first."""
        settled = [match for it in chosen(competition) for match in it.settled_matches()]
        settled.sort(key=lambda match: match.kickoff, reverse=True)
        return answer(
            request, page([match.evaluation for match in settled if match.evaluation is not None], limit, offset)
        )

    @routes.get("/alerts", response_model=Items[DecayAlert])
    async def alerts(
        request: Request,
        competition: Competition = None,
        state: Literal["open"] | None = None,
        limit: Limit = PAGE_SIZE,
        offset: Offset = 0,
    ) -> Response:
        """What was raised and resolved, the last one first; or only what is open now."""
        held = [
            alert
            for it in chosen(competition)
            for alert in (it.open_alerts() if state == "open" else it.alerts.newest_first())
        ]
        held.sort(key=lambda alert: alert.at, reverse=True)
        return answer(request, page(held, limit, offset))

    @routes.get("/dead-letters", response_model=Items[DeadLetter])
    async def dead_letters(request: Request, limit: Limit = PAGE_SIZE, offset: Offset = 0) -> Response:
        """What was refused, the last one first."""
        return answer(request, page(list(reversed(view.dead_letters)), limit, offset))

    return routes


def line(it: CompetitionView) -> CompetitionLine:
    """`it` in short."""
    return CompetitionLine(it.name, it.slug, it.clock, len(it.open_matches()), len(it.open_alerts()))


def page(items: Sequence[Item], limit: int, offset: int) -> dict[str, object]:
    """The `limit` items from `offset` on, as `Items` says."""
    end = offset + limit
    return {"items": items[offset:end], "total": len(items), "next": end if end < len(items) else None}


def answer(request: Request, value: object) -> Response:
    """`value` as JSON with times in UTC; 304 without a body when the asker has it already."""
    body = orjson.dumps(value, option=orjson.OPT_UTC_Z)
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": "no-cache"}
    if tag in [known.strip().removeprefix("W/") for known in request.headers.get("if-none-match", "").split(",")]:
        return Response(status_code=304, headers=headers)
    return Response(body, media_type="application/json", headers=headers)
