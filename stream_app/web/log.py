"""The evaluation log as a page, as JSON and as CSV: every event on record, searched and read from new to old."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import astuple, fields
from datetime import UTC, datetime
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, HTTPException, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import HTMLResponse, Response, StreamingResponse

from stream_app.errors import InvalidInput, Retryable
from stream_app.events import EVENT_TYPES
from stream_app.web.api import PAGE_SIZE, PAGE_SIZE_MAX, Limit, answer
from stream_app.web.drawing import Drawer
from stream_app.web.frame import Scope
from stream_app.web.log_store import LogEntry, LogStore, Search
from stream_app.web.recent import slug
from stream_app.web.scenes import Scenes
from stream_app.web.view import View

CSV_ROWS = 100_000
"""Most rows of a download: a season of a hundred leagues, predictions and results."""

NO_DATABASE = (
    "there is no database to look in. Set STREAM_APP_DATABASE_URL to the one that the sink writes to, "
    "or start the local stack with `stream-app dev up`"
)

# What a spreadsheet takes for the beginning of a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")

Found = tuple[list[LogEntry], str | None]


class Asked(BaseModel):
    """What a reader of the log asks for; empty takes everything, as a form sends it."""

    competition: str = Field("", description="Key or slug of a competition.")
    type: str = Field("", description=f"One of {', '.join(EVENT_TYPES)}.")
    model: str = Field("", description="Name of the champion, or of the model that an event is about.")
    match: str = Field("", description="Id of a match.")
    id: str = Field("", description="UUID of an event, or of the prediction that events are about.")
    since: str = Field("", description="Earliest event time, ISO 8601, in UTC where it names no zone.")
    until: str = Field("", description="Event time before which, ISO 8601, in UTC where it names no zone.")
    before: str = Field("", description="Cursor that an earlier answer gave.")

    def given(self) -> dict[str, str]:
        """What was filled in."""
        return {name: value.strip() for name, value in self.model_dump().items() if value.strip()}


class Entries(BaseModel):
    """Entries of the log, the newest first. `next` is the value of `before` for older ones, null at the end."""

    items: list[LogEntry]
    next: str | None


def router(view: View, scenes: Scenes, drawer: Drawer, store: LogStore | None) -> APIRouter:
    """The page `/log` and its twins."""
    routes = APIRouter()

    async def find(given: Mapping[str, str], limit: int) -> Found:
        if store is None:
            raise Retryable(NO_DATABASE)
        known = view.competition(slug(given.get("competition", "")))
        search = _search(given, known.name if known else given.get("competition"))
        # One more than is shown tells whether there are more.
        entries = await store.search(search, limit + 1)
        return entries[:limit], entries[limit - 1].cursor if len(entries) > limit else None

    @routes.get("/log", include_in_schema=False)
    async def log(asked: Annotated[Asked, Query()]) -> HTMLResponse:
        given = asked.given()
        entries: list[LogEntry] = []
        compared: list[LogEntry] = []
        older, trouble, status = None, "", 200
        try:
            entries, older = await find(given, PAGE_SIZE)
            compared, _ = await find({"type": "reconciliation"}, 1)
        except InvalidInput as error:
            trouble, status = str(error), 400
        except Retryable as error:
            trouble, status = str(error), 503
        filters = {name: value for name, value in given.items() if name != "before"}
        return drawer.still(
            scenes.compose(Scope("status")),
            "log.html",
            "Log",
            here="Log",
            twin=_address("/api/v1/log", given),
            live_address="/live/status",
            status=status,
            context={
                "entries": entries,
                "asked": asked,
                "trouble": trouble,
                "compared": compared[0] if compared else None,
                "types": EVENT_TYPES,
                "competitions": {it.name: it for it in view.competitions},
                "older": _address("/log", {**filters, "before": older}) if older else "",
                "newest": _address("/log", filters) if asked.before else "",
                "download": _address("/api/v1/log.csv", filters),
            },
        )

    @routes.get("/api/v1/log", response_model=Entries)
    async def log_as_json(request: Request, asked: Annotated[Asked, Query()], limit: Limit = PAGE_SIZE) -> Response:
        """Events on record, the newest first."""
        with _as_http():
            entries, older = await find(asked.given(), limit)
        return answer(request, {"items": entries, "next": older})

    @routes.get("/api/v1/log.csv", response_class=StreamingResponse)
    async def log_as_csv(asked: Annotated[Asked, Query()]) -> StreamingResponse:
        """The same as CSV, up to 100,000 rows. Text that a spreadsheet would calculate begins with an apostrophe."""
        given = asked.given()
        with _as_http():
            first = await find(given, PAGE_SIZE_MAX)
        return StreamingResponse(
            _csv(first, lambda cursor: find({**given, "before": cursor}, PAGE_SIZE_MAX)),
            media_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": 'attachment; filename="evaluation_log.csv"', "Cache-Control": "no-store"},
        )

    return routes


def _search(given: Mapping[str, str], competition: str | None) -> Search:
    event_type = given.get("type")
    if event_type is not None and event_type not in EVENT_TYPES:
        raise InvalidInput(f"type {event_type!r}: wanted one of {', '.join(EVENT_TYPES)}")
    return Search(
        competition=competition,
        event_type=event_type,
        model=given.get("model"),
        match=given.get("match"),
        identity=given.get("id"),
        since=_moment("since", given.get("since")),
        until=_moment("until", given.get("until")),
        before=given.get("before"),
    )


def _moment(name: str, text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidInput(f"{name} {text!r}: wanted a day or a time such as 2024-05-18 or 2024-05-18T14:30Z") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _address(path: str, given: Mapping[str, str]) -> str:
    return f"{path}?{urlencode(given)}" if given else path


@contextmanager
def _as_http() -> Iterator[None]:
    try:
        yield
    except InvalidInput as error:
        raise HTTPException(400, str(error)) from None
    except Retryable as error:
        raise HTTPException(503, str(error)) from None


async def _csv(first: Found, older: Callable[[str], Awaitable[Found]]) -> AsyncIterator[str]:
    names = [field.name for field in fields(LogEntry)]
    (entries, cursor), rows = first, 0
    yield _lines([names])
    while entries and rows < CSV_ROWS:
        yield _lines([[_cell(value) for value in astuple(entry)] for entry in entries])
        rows += len(entries)
        if cursor is None:
            return
        entries, cursor = await older(cursor)


def _lines(rows: list[list[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    text = str(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(_FORMULA) else text
