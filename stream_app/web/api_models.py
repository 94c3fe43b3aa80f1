"""The JSON twins of the pages about models and teams."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter, HTTPException, Request
from starlette.responses import Response

from stream_app.evaluation.calibration import Bin
from stream_app.events import Analytics, Comparison, ModelEvent, ModelEventKind, Registry
from stream_app.web.api import PAGE_SIZE, Competition, Items, Limit, Offset, answer, page
from stream_app.web.competition import CompetitionView
from stream_app.web.recent import slug
from stream_app.web.trials import TrialPoint
from stream_app.web.view import View


@dataclass(frozen=True, slots=True)
class Trial:
    """How the evidence between a challenger and the champion grew, as far as this process has seen the matches."""

    champion: str
    champion_version: int
    challenger: str
    challenger_version: int
    alpha: float
    points: list[TrialPoint]


@dataclass(frozen=True, slots=True)
class Reliability:
    """A version's forecasts by tenths: how many, their mean, and the share that came true; and the mean distance."""

    model: str
    version: int
    bins: list[Bin]
    error: float
    error_by_chance: float


@dataclass(frozen=True, slots=True)
class ModelsDetail:
    """The models of a competition: registry, evidence, reliability, and the last events, the newest first.

    `together` is what all competitions show of its pairs, where all of them decide who is proposed (scope `all`).
    """

    competition: str
    registry: Registry | None
    together: list[Comparison]
    trials: list[Trial]
    reliability: list[Reliability]
    events: list[ModelEvent]


@dataclass(frozen=True, slots=True)
class RatingHistory:
    """A team's rating before each of its matches, thinned out with age; times in seconds since 1970."""

    team: str
    times: list[float]
    ratings: list[float]


def router(view: View) -> APIRouter:
    """The addresses about models and teams under `/api/v1`."""
    routes = APIRouter(prefix="/api/v1")

    def found(competition: str) -> CompetitionView:
        it = view.competition(slug(competition))
        if it is None:
            raise HTTPException(404, f"nothing has been heard of a competition {competition!r}")
        return it

    def chosen(competition: str | None) -> list[CompetitionView]:
        return view.competitions if competition is None else [found(competition)]

    @routes.get("/models", response_model=Items[Registry])
    async def models(
        request: Request, competition: Competition = None, limit: Limit = PAGE_SIZE, offset: Offset = 0
    ) -> Response:
        """The registries, by competition."""
        held = [it.lineup.registry for it in chosen(competition) if it.lineup.registry is not None]
        return answer(request, page(held, limit, offset))

    @routes.get("/competitions/{competition}/models", response_model=ModelsDetail)
    async def models_of(request: Request, competition: str) -> Response:
        """Everything that is held of the models of a competition."""
        it = found(competition)
        together = it.lineup.pairs_of(view.together)
        events = it.lineup.events.newest_first()
        return answer(
            request, ModelsDetail(it.name, it.lineup.registry, together, _trials(it), _reliability(it), events)
        )

    @routes.get("/evidence", response_model=Items[Comparison])
    async def evidence(request: Request, limit: Limit = PAGE_SIZE, offset: Offset = 0) -> Response:
        """What all competitions together show of every pair at work; nothing where each decides for itself."""
        return answer(request, page(view.together, limit, offset))

    @routes.get("/model-events", response_model=Items[ModelEvent])
    async def model_events(
        request: Request,
        competition: Competition = None,
        kind: ModelEventKind | None = None,
        limit: Limit = PAGE_SIZE,
        offset: Offset = 0,
    ) -> Response:
        """What became of the models, the last one first."""
        held = [
            event
            for it in chosen(competition)
            for event in it.lineup.events.newest_first()
            if kind is None or event.kind == kind
        ]
        held.sort(key=lambda event: event.at, reverse=True)
        return answer(request, page(held, limit, offset))

    @routes.get("/analytics", response_model=Items[Analytics])
    async def analytics(
        request: Request, competition: Competition = None, limit: Limit = PAGE_SIZE, offset: Offset = 0
    ) -> Response:
        """Streaks, transitions and randomness, by competition."""
        held = [it.analytics for it in chosen(competition) if it.analytics is not None]
        return answer(request, page(held, limit, offset))

    @routes.get("/competitions/{competition}/ratings", response_model=Items[RatingHistory])
    async def ratings(request: Request, competition: str, limit: Limit = PAGE_SIZE, offset: Offset = 0) -> Response:
        """How the ratings of the teams went, the best team first."""
        it = found(competition)
        held = [
            RatingHistory(team, line.times, line.ratings)
            for team in it.ratings.latest()
            if (line := it.ratings.of(team)) is not None
        ]
        return answer(request, page(held, limit, offset))

    return routes


def _trials(it: CompetitionView) -> list[Trial]:
    return [
        Trial(line.champion, line.champion_version, line.challenger, line.challenger_version, line.alpha, line.points())
        for line in it.lineup.trials()
    ]


def _reliability(it: CompetitionView) -> list[Reliability]:
    return [
        Reliability(line.model, line.version, held.bins(), held.error(), held.error_by_chance())
        for line in it.lineup.running()
        if (held := it.lineup.calibration(line.model, line.version)) is not None
    ]
