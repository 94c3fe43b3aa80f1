"""What changes a league's answers besides the matches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from stream_app.events.comparison import EvidenceScope

LeagueKind = Literal["league", "national"]
Approval = Literal["manual", "auto"]
ReinforceOn = Literal["off", "rule", "promises", "both"]


@dataclass(frozen=True, slots=True)
class LeagueConfig:
    """Everything outside the matches that changes what a league answers.

    It enters the league as an entry of the log, so that yesterday's answers can be explained with yesterday's
    configuration.

    Attributes
    ----------
    kind
        `league` for clubs with seasons, `national` for national teams.
    models
        Names of the models that predict, from `stream_app.models.zoo`. The first one is champion.
    window
        Matches in the rolling figures of the scoreboard.
    decay_drop
        Relative fall of a rolling figure without which there is no alert (0.05 is 5 %).
    alert_rate
        False alarms of decay and calibration in 1,000 matches, at the most, about a model that keeps its promises.
    check_hours
        Hours of event time after which alerts are looked at even though no result has come.
    cold_matches
        Results that a model has to learn before its forecasts are no longer blocked.
    uncertain_below
        Confidence (the largest probability) below which a forecast is marked uncertain.
    conflict_within
        A forecast whose two largest probabilities are no further apart than this is in conflict, and so uncertain.
    expire_after_days
        Days after kickoff at which a prediction without a result expires.
    remember_days
        Days of event time for which a match that is over is remembered, so that corrections reach it and repeated
        messages are known. What comes later changes nothing.
    odds
        Names of the features that are decimal odds of home win, draw and away win, the preferred ones first.
    virtual
        Whether the scores are drawn by a program, so that they too are tested for randomness.
    promote_matches, promote_days
        Matches scored for both models, and days of event time from the first to the last of them, before a challenger
        can be proposed as champion.
    promote_gain
        Least gain in skill (1 - loss / loss of the running base rate), relative to the champion's: 0.03 is 3 %.
    promote_alpha
        Probability with which a challenger that is no better may ever be proposed.
    promote_scope
        Whose matches are the evidence: `competition`, or those of `all` competitions with the same pair of models.
    approval
        `manual`: a proposal waits for a person. `auto`: it is carried out at once.
    rollback
        The same for the way back to the last champion, when the new one has proven the worse.
    reinforce
        What makes a model try to mend itself: its confident errors by a plain `rule`, more errors than its own
        confidences promise (`promises`), `both`, or nothing (`off`).
    reinforce_confidence, reinforce_errors, reinforce_days
        The plain rule: so many wrong forecasts of at least that confidence within so many days of event time.
    reinforce_rate
        Step of a fine-tuning on the wrong forecasts, on the scale of a logistic regression's weights.
    reinforce_matches
        Recent matches that are kept for building and judging candidates.
    """

    kind: LeagueKind = "league"
    models: tuple[str, ...] = (
        "match_model_v1",
        "logistic_regression_v1",
        "random_forest_v1",
        "naive_bayes_v1",
        "ensemble_v1",
        "base_rate",
    )
    window: int = 100
    decay_drop: float = 0.05
    alert_rate: float = 0.1
    check_hours: float = 24.0
    cold_matches: int = 30
    uncertain_below: float = 0.40
    conflict_within: float = 0.10
    expire_after_days: float = 30.0
    remember_days: float = 60.0
    odds: tuple[tuple[str, str, str], ...] = (
        ("odds_home", "odds_draw", "odds_away"),
        ("AvgH", "AvgD", "AvgA"),
        ("B365H", "B365D", "B365A"),
    )
    virtual: bool = False
    promote_matches: int = 100
    promote_days: float = 7.0
    promote_gain: float = 0.03
    promote_alpha: float = 0.05
    promote_scope: EvidenceScope = "competition"
    approval: Approval = "manual"
    rollback: Approval = "manual"
    reinforce: ReinforceOn = "both"
    reinforce_confidence: float = 0.70
    reinforce_errors: int = 10
    reinforce_days: float = 7.0
    reinforce_rate: float = 0.01
    reinforce_matches: int = 400


@dataclass(frozen=True, slots=True)
class Configure:
    """A competition is first seen, or its configuration has changed."""

    competition: str
    config: LeagueConfig
