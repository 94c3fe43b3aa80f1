"""The messages of the service as frozen values.

Times are aware `datetime` values in UTC and are always *event* time: the moment that the message speaks of, never
the moment at which it was handled. Probabilities are those of a home win (H), a draw (D) and an away win (A).
What each message looks like on the wire is told by the schemas in `schemas/`.
"""

from __future__ import annotations

from stream_app.events.alerts import AlertKind, AlertState, DecayAlert, Health, Severity
from stream_app.events.analytics import (
    Analytics,
    OutcomeStreak,
    PairingTransitions,
    Randomness,
    RandomnessTest,
    Streak,
    TeamAnalytics,
    TeamStreak,
    Transitions,
    Verdict,
)
from stream_app.events.comparison import Comparison, EvidenceScope, Leaning
from stream_app.events.configuration import Approval, Configure, LeagueConfig, LeagueKind, ReinforceOn
from stream_app.events.evaluations import Evaluation, EvaluationStatus, Score
from stream_app.events.forecasts import (
    Alias,
    Forecast,
    ForecastStatus,
    GoalForecast,
    GoalRates,
    LikelyScore,
    Prediction,
    Probabilities,
    Reason,
    Voice,
)
from stream_app.events.ids import NAMESPACE, OUTCOMES, Outcome, name_id, outcome_of
from stream_app.events.inputs import Features, Importance, Result, ResultStatus
from stream_app.events.lifecycle import (
    Action,
    Birth,
    BirthKind,
    Fingerprint,
    MetricPoint,
    ModelCommand,
    ModelEvent,
    ModelEventKind,
    Notes,
    ProposalLine,
    Refusal,
    Registry,
    Reign,
    VersionLine,
    VersionStatus,
)
from stream_app.events.record import EVENT_TYPES, EventType
from stream_app.events.scoreboard import NOTHING_EXPECTED, Expected, Figures, ModelStanding, Scoreboard

Output = Prediction | Evaluation | DecayAlert | ModelEvent
"""What a league publishes, in the order in which it says it."""

__all__ = [
    "EVENT_TYPES",
    "NAMESPACE",
    "NOTHING_EXPECTED",
    "OUTCOMES",
    "Action",
    "AlertKind",
    "AlertState",
    "Alias",
    "Analytics",
    "Approval",
    "Birth",
    "BirthKind",
    "Comparison",
    "Configure",
    "DecayAlert",
    "Evaluation",
    "EvaluationStatus",
    "EventType",
    "EvidenceScope",
    "Expected",
    "Features",
    "Figures",
    "Fingerprint",
    "Forecast",
    "ForecastStatus",
    "GoalForecast",
    "GoalRates",
    "Health",
    "Importance",
    "LeagueConfig",
    "LeagueKind",
    "Leaning",
    "LikelyScore",
    "MetricPoint",
    "ModelCommand",
    "ModelEvent",
    "ModelEventKind",
    "ModelStanding",
    "Notes",
    "Outcome",
    "OutcomeStreak",
    "Output",
    "PairingTransitions",
    "Prediction",
    "Probabilities",
    "ProposalLine",
    "Randomness",
    "RandomnessTest",
    "Reason",
    "Refusal",
    "Registry",
    "Reign",
    "ReinforceOn",
    "Result",
    "ResultStatus",
    "Score",
    "Scoreboard",
    "Severity",
    "Streak",
    "TeamAnalytics",
    "TeamStreak",
    "Transitions",
    "Verdict",
    "VersionLine",
    "VersionStatus",
    "Voice",
    "name_id",
    "outcome_of",
]
