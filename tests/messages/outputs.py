"""What is said of matches: predictions and what became of them."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from typing import Any, get_args

from hypothesis import strategies as st

from stream_app.events import (
    OUTCOMES,
    AlertKind,
    AlertState,
    Analytics,
    DecayAlert,
    Evaluation,
    EvaluationStatus,
    Expected,
    Forecast,
    ForecastStatus,
    GoalForecast,
    GoalRates,
    Health,
    LikelyScore,
    ModelStanding,
    OutcomeStreak,
    PairingTransitions,
    Prediction,
    Randomness,
    RandomnessTest,
    Reason,
    Score,
    Scoreboard,
    Severity,
    Streak,
    TeamAnalytics,
    TeamStreak,
    Transitions,
    Verdict,
    Voice,
)
from tests.messages.basics import (
    ALIASES,
    COUNTS,
    FIGURES,
    GOALS,
    IDS,
    MODELS,
    NAMES,
    NUMBERS,
    PROBABILITIES,
    TIMES,
    UNIT,
    VERSIONS,
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
