"""Messages for the tests of the live view, and Kafka records that carry them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from stream_app.contracts import encode
from stream_app.events import (
    AlertState,
    Alias,
    Analytics,
    Birth,
    Comparison,
    DecayAlert,
    Evaluation,
    EvaluationStatus,
    Figures,
    Fingerprint,
    Forecast,
    GoalForecast,
    GoalRates,
    LikelyScore,
    ModelCommand,
    ModelEvent,
    ModelEventKind,
    ModelStanding,
    Outcome,
    PairingTransitions,
    Prediction,
    Probabilities,
    ProposalLine,
    Randomness,
    RandomnessTest,
    Registry,
    Reign,
    Score,
    Scoreboard,
    Streak,
    TeamAnalytics,
    Transitions,
    VersionLine,
    VersionStatus,
    name_id,
    outcome_of,
)
from stream_app.topics import ANALYTICS, DECAY_ALERTS, EVALUATIONS, MODEL_EVENTS, PREDICTIONS, REGISTRY, SCOREBOARD
from stream_app.web.accounts import Account
from stream_app.web.app import Operating

KICKOFF = datetime(1974, 5, 18, 14, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)
CHANCES = Probabilities(0.5, 0.3, 0.2)
GOALS = GoalForecast(
    1.62,
    1.08,
    CHANCES,
    0.51,
    0.55,
    (LikelyScore(1, 1, 0.122), LikelyScore(2, 1, 0.094)),
    GoalRates(0.4824, 0.077, 0.0, 0.0, -0.05),
)

CHAIN = ((0.57, 0.24, 0.19), (0.5, 0.25, 0.25), (0.46, 0.24, 0.3))

Shown = Prediction | Evaluation | DecayAlert | ModelEvent | Scoreboard | Registry | Analytics

TOPIC_OF: dict[type, str] = {
    Prediction: PREDICTIONS,
    Evaluation: EVALUATIONS,
    DecayAlert: DECAY_ALERTS,
    ModelEvent: MODEL_EVENTS,
    Scoreboard: SCOREBOARD,
    Registry: REGISTRY,
    Analytics: ANALYTICS,
}


@dataclass(frozen=True, slots=True)
class Record:
    topic: str
    value: bytes | None
    key: bytes | None = b"bundesliga"
    partition: int = 0
    offset: int = 0
    timestamp: int = 0
    headers: Sequence[tuple[str, bytes]] = ()


def record(event: Shown) -> Record:
    return Record(TOPIC_OF[type(event)], encode(event))


def prediction(
    match: str = "m1",
    *,
    revision: int = 1,
    kickoff: datetime = KICKOFF,
    as_of: datetime | None = None,
    home: str = "Schalke 04",
    away: str = "1. FC Köln",
    competition: str = "bundesliga",
    late: bool = False,
    chances: Probabilities = CHANCES,
) -> Prediction:
    return Prediction(
        prediction_id=name_id("prediction", competition, match, revision),
        match_id=match,
        competition=competition,
        season="1973-74",
        kickoff=kickoff,
        as_of=as_of or kickoff - HOUR,
        home=home,
        away=away,
        revision=revision,
        supersedes=None,
        late=late,
        goals=GOALS,
        home_rating=12.0,
        away_rating=-8.0,
        models=(
            Forecast("elo_softmax", 1, "champion", chances, "H", chances.H, "active"),
            Forecast("base_rate", 1, "challenger", Probabilities(0.45, 0.25, 0.3), "H", 0.45, "active"),
        ),
    )


def evaluation(
    match: str = "m1",
    *,
    goals: tuple[int, int] | None = (2, 1),
    status: EvaluationStatus = "final",
    kickoff: datetime = KICKOFF,
    revision: int = 1,
    word: int = 1,
    log_loss: float = 0.7,
    competition: str = "bundesliga",
    home: str = "Schalke 04",
    away: str = "1. FC Köln",
) -> Evaluation:
    """The evaluation of a match's `revision`; `word` counts what was said of its end."""
    outcome: Outcome | None = None if goals is None else outcome_of(*goals)
    lines: tuple[tuple[str, Alias, float], ...] = (
        ("elo_softmax", "champion", log_loss),
        ("base_rate", "challenger", log_loss + 0.1),
    )
    return Evaluation(
        evaluation_id=name_id("evaluation", competition, match, word),
        prediction_id=name_id("prediction", competition, match, revision),
        match_id=match,
        competition=competition,
        season="1973-74",
        kickoff=kickoff,
        evaluated_at=kickoff + 2 * HOUR,
        home=home,
        away=away,
        status=status,
        home_goals=None if goals is None else goals[0],
        away_goals=None if goals is None else goals[1],
        outcome=outcome,
        supersedes=None,
        as_of_lag=3600.0,
        learned=True,
        models=()
        if outcome is None
        else tuple(
            Score(model, 1, alias, CHANCES, outcome, outcome == "H", loss, 0.2, 0.5) for model, alias, loss in lines
        ),
    )


def alert(
    number: int = 1, *, state: AlertState = "raised", model: str = "elo_softmax", competition: str = "bundesliga"
) -> DecayAlert:
    return DecayAlert(
        alert_id=name_id("alert", competition, model, number, state),
        competition=competition,
        model=model,
        version=1,
        kind="decay",
        state=state,
        severity="warning",
        at=KICKOFF + number * HOUR,
        match_id="m1",
        metric="log_loss",
        measured=1.05,
        promised=0.98,
        window=100,
        evidence=10_000.0,
        limit=10_000.0,
        message="log loss of the last 100 matches is 1.0500, 7.1% above its baseline of 0.9800",
    )


def board(
    matches: int = 200, *, as_of: datetime = KICKOFF, competition: str = "bundesliga", loss: float = 0.98
) -> Scoreboard:
    return Scoreboard(
        competition=competition,
        as_of=as_of,
        matches=matches,
        open_predictions=0,
        models=(
            ModelStanding(
                "elo_softmax",
                1,
                "champion",
                Figures(matches, 0.531, loss, 0.198, 0.58),
                Figures(100, 0.54, loss, 0.2, 0.59),
            ),
            ModelStanding(
                "base_rate", 1, "challenger", Figures(matches, 0.5, 1.02, 0.21, 0.61), Figures(100, 0.5, 1.0, 0.21, 0.6)
            ),
        ),
    )


def model_event(
    number: int = 1,
    kind: ModelEventKind = "promoted",
    *,
    model: str = "base_rate",
    command_id: str | None = None,
    competition: str = "bundesliga",
    who: str = "ada",
    reason: str | None = None,
) -> ModelEvent:
    return ModelEvent(
        event_id=name_id("model-event", competition, number),
        competition=competition,
        kind=kind,
        at=KICKOFF + number * HOUR,
        issued_at=KICKOFF + number * HOUR,
        number=number,
        model=model,
        version=1,
        alias="champion" if kind == "promoted" else None,
        previous_model="elo_softmax",
        previous_version=1,
        proposal_id=None,
        command_id=command_id,
        who=who,
        why="it has proven better",
        reason=reason,
        policy=None,
        evidence={"e_better": 31.5, "matches": 412},
    )


def comparison(matches: int = 412) -> Comparison:
    return Comparison(
        champion="elo_softmax",
        champion_version=1,
        challenger="base_rate",
        challenger_version=1,
        scope="competition",
        matches=matches,
        since=KICKOFF,
        until=KICKOFF + matches * HOUR,
        difference=-0.0312,
        lower=-0.061,
        upper=-0.002,
        e_better=0.04,
        e_worse=38.0,
        leaning="worse",
        champion_loss=0.98,
        challenger_loss=1.011,
        base_loss=1.02,
        champion_skill=0.039,
        challenger_skill=0.009,
        gain=-0.77,
    )


def version_line(
    model: str = "elo_softmax",
    version: int = 1,
    alias: Alias | None = "champion",
    *,
    status: VersionStatus = "running",
    frozen: bool = False,
    parent: int | None = None,
) -> VersionLine:
    return VersionLine(
        version_id=name_id("version", model, version),
        model=model,
        version=version,
        algorithm=model,
        settings={"rate": 0.01},
        alias=alias,
        status=status,
        frozen=frozen,
        born=Birth("reinforced" if parent else "configured", KICKOFF, "policy", "named in the settings", parent, None),
        fingerprint=Fingerprint("3.11", "2.1", "0.25", 700, "0" * 64),
        state="ab" * 32,
        state_matches=650,
        metrics=(),
    )


def registry(
    *versions: VersionLine, proposals: tuple[ProposalLine, ...] = (), competition: str = "bundesliga", hours: int = 0
) -> Registry:
    lines = versions or (version_line(), version_line("base_rate", 1, "challenger"))
    champion = next(line for line in lines if line.alias == "champion")
    return Registry(
        competition=competition,
        as_of=KICKOFF + hours * HOUR,
        champion=Reign(champion.model, champion.version, None, "policy", "the first of the models"),
        frozen=False,
        policy={"approval": "manual", "alpha": 0.05},
        versions=lines,
        proposals=proposals,
        comparisons=(comparison(),),
    )


def proposal_line(model: str = "base_rate") -> ProposalLine:
    return ProposalLine(
        proposal_id=name_id("proposal", model, 1),
        model=model,
        version=1,
        champion_model="elo_softmax",
        champion_version=1,
        proposed_at=KICKOFF,
        expires_at=KICKOFF + 24 * HOUR,
        who="policy",
        why="better beyond doubt",
        evidence={"e_better": 31.5},
    )


class Sent:
    """A sender that keeps what it is given; `trouble` is raised instead once it is set."""

    def __init__(self) -> None:
        self.commands: list[ModelCommand] = []
        self.trouble: Exception | None = None

    async def __call__(self, command: ModelCommand) -> None:
        if self.trouble is not None:
            raise self.trouble
        self.commands.append(command)


def operating(*accounts: Account, send: Sent | None = None) -> Operating:
    return Operating(accounts, "a key", send or Sent())


def analytics(competition: str = "bundesliga", matches: int = 200) -> Analytics:
    transitions = Transitions(199, ((60, 25, 20), (24, 12, 12), (21, 11, 14)), CHAIN, 0.41)
    return Analytics(
        competition=competition,
        as_of=KICKOFF,
        matches=matches,
        randomness=Randomness("suspicious", 198, 11.0, 0.04, (RandomnessTest("runs", 198, 2.31, 0, 0.021, 9.4, 0.09),)),
        streaks=(Streak("home_win", 4, 0.06, 9, 0.31), Streak("draw", 0, 1.0, 3, 0.6)),
        teams=(
            TeamAnalytics(
                "Schalke 04", 34, 61.4, (Streak("winning", 3, 0.11, 6, 0.2), Streak("losing", 0, 1.0, 4, 0.5))
            ),
            TeamAnalytics("1. FC Köln", 34, -22.0, (Streak("losing", 9, 0.0004, 9, 0.01),)),
        ),
        transitions=transitions,
        pairings=(PairingTransitions("Schalke 04", "1. FC Köln", transitions, 0.9),),
    )
