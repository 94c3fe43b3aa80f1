"""Messages that come in, and the configuration that goes before them."""

from __future__ import annotations

from typing import get_args

from hypothesis import strategies as st

from stream_app.events import (
    Configure,
    Features,
    LeagueConfig,
    LeagueKind,
    Result,
    ResultStatus,
)
from tests.messages.basics import (
    COUNTS,
    GOALS,
    IMPORTANCES,
    MODELS,
    NAMES,
    NUMBERS,
    TIMES,
    UNIT,
)


@st.composite
def features(draw: st.DrawFn) -> Features:
    kickoff = draw(TIMES)
    home, away = draw(st.lists(NAMES, min_size=2, max_size=2, unique=True))
    return Features(
        match_id=draw(NAMES),
        competition=draw(NAMES),
        season=draw(NAMES),
        kickoff=kickoff,
        as_of=draw(TIMES.filter(lambda time: time <= kickoff)),
        home=home,
        away=away,
        neutral=draw(st.booleans()),
        importance=draw(IMPORTANCES),
        features=draw(st.none() | st.dictionaries(NAMES, NUMBERS, max_size=5)),
    )


@st.composite
def results(draw: st.DrawFn) -> Result:
    kickoff = draw(TIMES)
    home, away = draw(st.lists(NAMES, min_size=2, max_size=2, unique=True))
    status = draw(st.sampled_from(get_args(ResultStatus)))
    played = status in ("final", "corrected")
    return Result(
        match_id=draw(NAMES),
        competition=draw(NAMES),
        season=draw(NAMES),
        kickoff=kickoff,
        finished_at=draw(TIMES.filter(lambda time: time >= kickoff)) if played else draw(TIMES),
        home=home,
        away=away,
        status=status,
        home_goals=draw(GOALS) if played else None,
        away_goals=draw(GOALS) if played else None,
        neutral=draw(st.booleans()),
        importance=draw(IMPORTANCES),
    )


def configures() -> st.SearchStrategy[Configure]:
    config = st.builds(
        LeagueConfig,
        kind=st.sampled_from(get_args(LeagueKind)),
        models=st.lists(MODELS, min_size=1, max_size=4, unique=True).map(tuple),
        window=st.integers(1, 10_000),
        decay_drop=st.floats(0.001, 0.999),
        alert_rate=st.floats(0.001, 999.0),
        check_hours=st.floats(0.001, 10_000.0),
        cold_matches=COUNTS,
        uncertain_below=UNIT,
        conflict_within=UNIT,
        expire_after_days=st.floats(0.1, 1_000),
        remember_days=st.floats(0.1, 1_000),
        odds=st.lists(st.tuples(NAMES, NAMES, NAMES), max_size=3).map(tuple),
        virtual=st.booleans(),
        promote_matches=st.integers(1, 10_000),
        promote_days=st.floats(0, 1_000),
        promote_gain=UNIT,
        promote_alpha=st.floats(0.001, 0.999),
        promote_scope=st.sampled_from(["competition", "all"]),
        approval=st.sampled_from(["manual", "auto"]),
        rollback=st.sampled_from(["manual", "auto"]),
        reinforce=st.sampled_from(["off", "rule", "promises", "both"]),
        reinforce_confidence=UNIT,
        reinforce_errors=st.integers(1, 1_000),
        reinforce_days=st.floats(0.1, 1_000),
        reinforce_rate=st.floats(0.001, 1),
        reinforce_matches=st.integers(0, 2_000),
    )
    return st.builds(Configure, competition=NAMES, config=config)
