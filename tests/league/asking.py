"""A league, its matches, and what somebody asks of its models."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime

from stream_app.events import (
    Action,
    Configure,
    Features,
    LeagueConfig,
    ModelCommand,
    ModelEvent,
    Output,
    Result,
)
from stream_app.feeds.schedule import schedule
from stream_app.league import League
from tests.support.matches import played

CUP = "cup"
NOW = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
CONFIG = LeagueConfig(models=("elo_softmax", "base_rate"), window=10, cold_matches=0, reinforce="off")
EAGER = replace(
    CONFIG,
    models=("base_rate", "elo_softmax"),
    promote_matches=20,
    promote_days=1.0,
    promote_gain=-10.0,
    promote_alpha=0.999,
)
"""Rules under which any lead is enough."""


def new_league(config: LeagueConfig = CONFIG) -> League:
    league = League(CUP)
    league.configure(Configure(CUP, config))
    return league


def matches(number: int, seed: int = 1) -> Iterator[Features | Result]:
    return iter(list(schedule(played(CUP, number, seed=seed))))


def tell(league: League, events: Iterable[Features | Result]) -> list[Output]:
    outputs: list[Output] = []
    for event in events:
        outputs += league.predict(event) if isinstance(event, Features) else league.learn(event)
    return outputs


def events_of(outputs: Iterable[Output]) -> list[ModelEvent]:
    return [output for output in outputs if isinstance(output, ModelEvent)]


def command(action: Action, model: str | None = None, **more: object) -> ModelCommand:
    fields: dict[str, object] = {"command_id": str(uuid.uuid4()), "issued_at": NOW, "who": "anna", "why": "I want it"}
    return ModelCommand(**{**fields, "competition": CUP, "action": action, "model": model, **more})  # type: ignore[arg-type]  # tests set any field


def ask(league: League, action: Action, model: str | None = None, **more: object) -> ModelEvent:
    """The one event that a command leads to."""
    [event] = events_of(league.command(command(action, model, **more)))
    return event


def champion(league: League) -> str:
    registry = league.registry(league.config or CONFIG)
    [line] = [line for line in registry.versions if line.alias == "champion"]
    assert registry.champion is not None
    assert (registry.champion.model, registry.champion.version) == (line.model, line.version)
    assert registry.versions[0] == line
    assert league.scoreboard().models[0].model == line.model
    return f"{line.model} {line.version}"
