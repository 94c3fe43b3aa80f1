"""Hypothesis strategies for every message of the service, as wide as the schemas allow."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

from hypothesis import strategies as st

from stream_app.contracts import Event
from stream_app.events import (
    OUTCOMES,
    Action,
    AlertKind,
    AlertState,
    Alias,
    Analytics,
    Birth,
    BirthKind,
    Comparison,
    Configure,
    DecayAlert,
    Evaluation,
    EvaluationStatus,
    EvidenceScope,
    Expected,
    Features,
    Figures,
    Fingerprint,
    Forecast,
    ForecastStatus,
    GoalForecast,
    GoalRates,
    Health,
    Importance,
    LeagueConfig,
    LeagueKind,
    Leaning,
    LikelyScore,
    MetricPoint,
    ModelCommand,
    ModelEvent,
    ModelEventKind,
    ModelStanding,
    OutcomeStreak,
    PairingTransitions,
    Prediction,
    Probabilities,
    ProposalLine,
    Randomness,
    RandomnessTest,
    Reason,
    Refusal,
    Registry,
    Reign,
    Result,
    ResultStatus,
    Score,
    Scoreboard,
    Severity,
    Streak,
    TeamAnalytics,
    TeamStreak,
    Transitions,
    Verdict,
    VersionLine,
    VersionStatus,
    Voice,
    name_id,
)

LETTERS = st.characters(categories=("L", "N", "P", "S"))
NAMES = st.builds(
    lambda head, middle, tail: f"{head}{middle}{tail}",
    LETTERS,
    st.text(st.one_of(LETTERS, st.just(" ")), max_size=30),
    LETTERS,
)
TIMES = st.datetimes(datetime(1850, 1, 2), datetime(2200, 12, 30), timezones=st.just(UTC))  # noqa: DTZ001  hypothesis wants naive bounds
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
UNIT = st.floats(0, 1)
COUNTS = st.integers(0, 10_000)
GOALS = st.integers(0, 99)
IDS = st.text().map(name_id)
MODELS = st.from_regex(r"[a-z][a-z0-9_]{0,20}", fullmatch=True)
VERSIONS = st.integers(1, 1_000)
FIGURES = st.builds(Figures, n=COUNTS, accuracy=UNIT, log_loss=st.floats(0, 14), rps=UNIT, brier=st.floats(0, 2))
ALIASES: st.SearchStrategy[Alias] = st.sampled_from(get_args(Alias))
IMPORTANCES: st.SearchStrategy[Importance] = st.sampled_from(get_args(Importance))


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


PROBABILITIES = st.tuples(*[st.floats(0.01, 1)] * 3).map(
    lambda odds: Probabilities(*(part / sum(odds) for part in odds))
)


def predictions() -> st.SearchStrategy[Prediction]:
    forecast = st.builds(
        Forecast,
        model=MODELS,
        version=VERSIONS,
        alias=ALIASES,
        probabilities=PROBABILITIES,
        outcome=st.sampled_from(OUTCOMES),
        confidence=st.floats(0.34, 0.99),
        status=st.sampled_from(get_args(ForecastStatus)),
        conflict=st.booleans(),
        members=st.lists(st.builds(Voice, MODELS, UNIT, PROBABILITIES), max_size=2).map(tuple),
        why=st.lists(st.builds(Reason, NAMES, st.sampled_from(OUTCOMES), st.floats(-1, 1), NAMES), max_size=2).map(
            tuple
        ),
    )
    goals = st.builds(
        GoalForecast,
        home_goals=st.floats(0, 20),
        away_goals=st.floats(0, 20),
        probabilities=PROBABILITIES,
        over_2_5=st.floats(0.01, 0.99),
        both_score=st.floats(0.01, 0.99),
        scores=st.lists(st.builds(LikelyScore, GOALS, GOALS, st.floats(0.01, 0.99)), max_size=5).map(tuple),
        rates=st.none()
        | st.builds(
            GoalRates, st.floats(-4, 2), st.floats(-4, 2), st.floats(0, 1), st.floats(0, 1), st.floats(-0.25, 0.1)
        ),
    )
    return st.builds(
        Prediction,
        prediction_id=IDS,
        match_id=NAMES,
        competition=NAMES,
        season=NAMES,
        kickoff=TIMES,
        as_of=TIMES,
        home=NAMES,
        away=NAMES,
        revision=VERSIONS,
        supersedes=st.none() | IDS,
        late=st.booleans(),
        models=st.lists(forecast, min_size=1, max_size=3).map(tuple),
        goals=st.none() | goals,
        home_rating=st.none() | st.floats(-900, 900),
        away_rating=st.none() | st.floats(-900, 900),
        market=st.none() | PROBABILITIES,
    )


@st.composite
def evaluations(draw: st.DrawFn) -> Evaluation:
    status = draw(st.sampled_from(get_args(EvaluationStatus)))
    scored = status in ("final", "corrected")
    score = st.builds(
        Score,
        model=MODELS,
        version=VERSIONS,
        alias=ALIASES,
        probabilities=PROBABILITIES,
        outcome=st.sampled_from(OUTCOMES),
        hit=st.booleans(),
        log_loss=st.floats(0, 14),
        rps=UNIT,
        brier=st.floats(0, 2),
    )
    return Evaluation(
        evaluation_id=draw(IDS),
        prediction_id=draw(IDS),
        match_id=draw(NAMES),
        competition=draw(NAMES),
        season=draw(NAMES),
        kickoff=draw(TIMES),
        evaluated_at=draw(TIMES),
        home=draw(NAMES),
        away=draw(NAMES),
        status=status,
        home_goals=draw(GOALS) if scored else None,
        away_goals=draw(GOALS) if scored else None,
        outcome=draw(st.sampled_from(OUTCOMES)) if scored else None,
        supersedes=draw(st.none() | IDS),
        as_of_lag=draw(st.timedeltas(timedelta(0), timedelta(days=400))).total_seconds(),
        learned=draw(st.booleans()),
        models=tuple(draw(st.lists(score, min_size=1, max_size=3))) if scored else (),
    )


def decay_alerts() -> st.SearchStrategy[DecayAlert]:
    return st.builds(
        DecayAlert,
        alert_id=IDS,
        competition=NAMES,
        model=MODELS,
        version=VERSIONS,
        kind=st.sampled_from(get_args(AlertKind)),
        state=st.sampled_from(get_args(AlertState)),
        severity=st.sampled_from(get_args(Severity)),
        at=TIMES,
        match_id=NAMES,
        metric=st.sampled_from(("accuracy", "log_loss")),
        measured=NUMBERS,
        promised=NUMBERS,
        window=VERSIONS,
        evidence=st.floats(0, 1e9),
        limit=st.floats(1, 1e9),
        message=NAMES,
    )


def scoreboards() -> st.SearchStrategy[Scoreboard]:
    expected = st.builds(Expected, n=COUNTS, accuracy=UNIT, log_loss=st.floats(0, 2))
    standing = st.builds(
        ModelStanding,
        model=MODELS,
        version=VERSIONS,
        alias=ALIASES,
        total=FIGURES,
        rolling=FIGURES,
        promised=expected,
        ahead=expected,
        health=st.sampled_from(get_args(Health)),
        reason=NAMES,
    )
    return st.builds(
        Scoreboard,
        competition=NAMES,
        as_of=st.none() | TIMES,
        matches=COUNTS,
        open_predictions=COUNTS,
        models=st.lists(standing, max_size=3).map(tuple),
    )


def analytics() -> st.SearchStrategy[Analytics]:
    chances = {"once": UNIT, "p_value": UNIT, "adjusted": UNIT, "current_chance": UNIT, "longest_chance": UNIT}

    def made(event: type[Any], **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
        known = {field.name for field in dataclasses.fields(event)}
        return st.builds(event, **{name: way for name, way in chances.items() if name in known} | fields)

    positive = st.floats(0, 1e9)
    streaks = st.lists(
        made(
            Streak,
            kind=st.sampled_from((*get_args(TeamStreak), *get_args(OutcomeStreak))),
            current=COUNTS,
            longest=COUNTS,
        ),
        max_size=2,
    ).map(tuple)
    transitions = made(
        Transitions, n=COUNTS, counts=st.just(((1, 2, 3),) * 3), probabilities=st.just(((0.2, 0.3, 0.5),) * 3)
    )
    tests = made(
        RandomnessTest,
        name=st.sampled_from(("frequencies", "runs", "lag 1", "lag 5", "repetition", "scores", "score pairs")),
        n=COUNTS,
        statistic=st.floats(-40, 1e4),
        degrees=st.integers(0, 9),
        evidence=positive,
    )
    randomness = made(
        Randomness,
        verdict=st.sampled_from(get_args(Verdict)),
        n=COUNTS,
        evidence=positive,
        tests=st.lists(tests, max_size=2).map(tuple),
    )
    teams = made(TeamAnalytics, team=NAMES, matches=COUNTS, rating=st.floats(-2000, 2000), streaks=streaks)
    pairings = made(PairingTransitions, home=NAMES, away=NAMES, transitions=transitions)
    return made(
        Analytics,
        competition=NAMES,
        as_of=st.none() | TIMES,
        matches=COUNTS,
        randomness=randomness,
        streaks=streaks,
        teams=st.lists(teams, max_size=2).map(tuple),
        transitions=transitions,
        pairings=st.lists(pairings, max_size=2).map(tuple),
    )


WORDS = NAMES
KEYS = st.uuids().map(str)
NOTES = st.dictionaries(
    st.from_regex(r"[a-z0-9_.]{1,20}", fullmatch=True),
    st.one_of(NUMBERS, st.text(max_size=30), st.booleans()),
    max_size=5,
)
DIGESTS = st.from_regex(r"[0-9a-f]{64}", fullmatch=True)
SMALL_TEXTS = st.from_regex(r"[0-9]{1,2}(\.[0-9]{1,2}){1,2}", fullmatch=True)

_NEEDS: dict[str, tuple[str, ...]] = {
    "approve": ("proposal_id",),
    "reject": ("model",),
    "promote": ("model",),
    "propose": ("model", "version", "evidence"),
    "register": ("model",),
    "handover": ("model", "version", "artefact"),
    "retire": ("model",),
}
_MAY: dict[str, tuple[str, ...]] = {
    "approve": ("proposal_id",),
    "reject": ("proposal_id",),
    "register": ("algorithm", "alias"),
}


@st.composite
def model_commands(draw: st.DrawFn) -> ModelCommand:
    """A command as the door lets it through: with what its action needs, and nothing that is for another one."""
    action: Action = draw(st.sampled_from(get_args(Action)))
    needed = _NEEDS.get(action, ())
    free = {
        "model": MODELS,
        "version": VERSIONS,
        "proposal_id": IDS,
        "algorithm": MODELS,
        "alias": ALIASES,
        "artefact": st.from_regex(r"[A-Za-z0-9+/]{4,40}={0,2}", fullmatch=True),
        "evidence": NOTES,
    }
    given: dict[str, Any] = {
        name: draw(values if name in needed else st.none() | values)
        for name, values in free.items()
        if name in ("model", "version", *needed, *_MAY.get(action, ()))
    }
    return ModelCommand(draw(KEYS), draw(NAMES), action, draw(TIMES), draw(NAMES), draw(WORDS), **given)


def refusals() -> st.SearchStrategy[Refusal]:
    return st.builds(
        Refusal,
        KEYS,
        NAMES,
        st.sampled_from(get_args(Action)),
        TIMES,
        NAMES,
        WORDS,
        st.none() | MODELS,
        st.none() | VERSIONS,
        WORDS,
    )


def model_events() -> st.SearchStrategy[ModelEvent]:
    return st.builds(
        ModelEvent,
        event_id=IDS,
        competition=NAMES,
        kind=st.sampled_from(get_args(ModelEventKind)),
        at=TIMES,
        issued_at=st.none() | TIMES,
        number=st.integers(1, 1_000),
        model=st.none() | MODELS,
        version=st.none() | VERSIONS,
        alias=st.none() | ALIASES,
        previous_model=st.none() | MODELS,
        previous_version=st.none() | VERSIONS,
        proposal_id=st.none() | IDS,
        command_id=st.none() | KEYS,
        who=NAMES,
        why=WORDS,
        reason=st.none() | WORDS,
        policy=st.none() | NOTES,
        evidence=st.none() | NOTES,
    )


def comparisons() -> st.SearchStrategy[Comparison]:
    amounts = st.floats(0, 1e9)
    return st.builds(
        Comparison,
        champion=MODELS,
        champion_version=VERSIONS,
        challenger=MODELS,
        challenger_version=VERSIONS,
        scope=st.sampled_from(get_args(EvidenceScope)),
        matches=COUNTS,
        since=st.none() | TIMES,
        until=st.none() | TIMES,
        difference=NUMBERS,
        lower=NUMBERS,
        upper=NUMBERS,
        e_better=amounts,
        e_worse=amounts,
        leaning=st.sampled_from(get_args(Leaning)),
        champion_loss=amounts,
        challenger_loss=amounts,
        base_loss=amounts,
        champion_skill=NUMBERS,
        challenger_skill=NUMBERS,
        gain=NUMBERS,
    )


def registries() -> st.SearchStrategy[Registry]:
    versions = st.builds(
        VersionLine,
        version_id=IDS,
        model=MODELS,
        version=VERSIONS,
        algorithm=MODELS,
        settings=NOTES,
        alias=st.none() | ALIASES,
        status=st.sampled_from(get_args(VersionStatus)),
        frozen=st.booleans(),
        born=st.builds(
            Birth,
            st.sampled_from(get_args(BirthKind)),
            st.none() | TIMES,
            NAMES,
            WORDS,
            st.none() | VERSIONS,
            st.none() | NOTES,
        ),
        fingerprint=st.builds(Fingerprint, SMALL_TEXTS, SMALL_TEXTS, SMALL_TEXTS, COUNTS, DIGESTS),
        state=st.none() | DIGESTS,
        state_matches=st.none() | COUNTS,
        metrics=st.lists(st.builds(MetricPoint, COUNTS, TIMES, FIGURES), max_size=2).map(tuple),
        health=st.none() | st.sampled_from(get_args(Health)),
        reason=st.none() | NAMES,
    )
    proposals = st.builds(
        ProposalLine, IDS, MODELS, VERSIONS, MODELS, VERSIONS, TIMES, TIMES, NAMES, WORDS, evidence=NOTES
    )
    return st.builds(
        Registry,
        competition=NAMES,
        as_of=st.none() | TIMES,
        champion=st.none() | st.builds(Reign, MODELS, VERSIONS, st.none() | TIMES, NAMES, WORDS),
        frozen=st.booleans(),
        policy=NOTES,
        versions=st.lists(versions, max_size=2).map(tuple),
        proposals=st.lists(proposals, max_size=2).map(tuple),
        comparisons=st.lists(comparisons(), max_size=2).map(tuple),
    )


OF_SCHEMA: dict[str, st.SearchStrategy[Event]] = {
    "match-features": features(),
    "match-results": results(),
    "configure": configures(),
    "predictions": predictions(),
    "evaluations": evaluations(),
    "decay-alerts": decay_alerts(),
    "scoreboard": scoreboards(),
    "analytics": analytics(),
    "model-commands": model_commands(),
    "refused-commands": refusals(),
    "model-events": model_events(),
    "registry": registries(),
}
"""A strategy for each schema whose messages are written by `contracts.encode`."""
