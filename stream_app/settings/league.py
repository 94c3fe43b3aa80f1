"""Settings of the leagues and of the lifecycle of their models; they enter a league's own log as its configuration."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_settings import BaseSettings

from stream_app.events import Approval, EvidenceScope, LeagueConfig, ReinforceOn
from stream_app.settings.values import Count, Days, names_once, names_one, odds_names, split, triples


class LeagueSettings(BaseSettings):
    """How competitions are predicted, watched and given better models."""

    # Leagues
    models: Annotated[str, AfterValidator(names_once)] = Field(
        ",".join(LeagueConfig().models),
        description="Names of the models that predict, comma-separated; the first is champion.",
    )
    national: str = Field(
        "international,world cup,nations league,nations cup,european championship,copa america",
        description="Competitions of national teams: those whose name contains one of these words, in any case,"
        " comma-separated. All others are leagues of clubs.",
    )
    virtual: str = Field(
        "virtual,esoccer,simulated",
        description="Competitions whose scores a program draws: those whose name contains one of these words, in any"
        " case, comma-separated. Their scores are tested for randomness too.",
    )
    window: Count = Field(100, description="Matches in the rolling figures of the scoreboard.")
    decay_drop: Annotated[float, Field(gt=0, lt=1)] = Field(
        0.05, description="Relative fall of a rolling figure without which there is no alert."
    )
    alert_rate: Annotated[float, Field(ge=1e-6, lt=1000)] = Field(
        0.1,
        description="False alarms of decay and calibration in 1,000 matches, at the most, about one model. To have"
        " fewer takes longer to be sure (docs/alerts.md).",
    )
    check_hours: Annotated[float, Field(gt=0, le=876_600)] = Field(
        24.0, description="Hours of event time after which alerts are looked at even though no result has come."
    )
    uncertain_below: Annotated[float, Field(ge=0, le=1)] = Field(
        0.40, description="Confidence below which a forecast is marked uncertain."
    )
    cold_matches: Annotated[int, Field(ge=0)] = Field(
        30, description="Results that a model has to learn before its forecasts are no longer blocked."
    )
    conflict_within: Annotated[float, Field(ge=0, le=1)] = Field(
        0.10, description="Distance of the two largest probabilities up to which a forecast is in conflict."
    )
    expire_after_days: Days = Field(
        30.0, description="Days after kickoff at which a prediction without a result expires."
    )
    remember_days: Days = Field(
        60.0,
        description="Days of event time for which a match that is over is remembered for corrections and duplicates."
        " A virtual league with thousands of matches a day needs less.",
    )
    odds: Annotated[str, AfterValidator(odds_names)] = Field(
        "odds_home,odds_draw,odds_away;AvgH,AvgD,AvgA;B365H,B365D,B365A",
        description="Names of the features that are decimal odds of home win, draw and away win, the preferred ones"
        " first.",
    )

    # Lifecycle of the models
    promote_matches: Count = Field(100, description="Scored matches before a challenger can be proposed as champion.")
    promote_days: Annotated[float, Field(ge=0, le=36_525)] = Field(
        7.0, description="Days of event time over which these matches have to stretch."
    )
    promote_gain: Annotated[float, Field(ge=0)] = Field(
        0.03, description="Least gain in skill of a challenger, relative to the champion's."
    )
    promote_alpha: Annotated[float, Field(gt=0, lt=1)] = Field(
        0.05, description="Probability with which a challenger that is no better may ever be proposed."
    )
    promote_scope: EvidenceScope = Field(
        "competition",
        description="Whose matches are the evidence for a promotion: those of its own competition, or of all that have"
        " the same pair of models (`stream-app watch-evidence` has to run then).",
    )
    approval: Approval = Field(
        "manual", description="manual: a proposed promotion waits for a person. auto: it is carried out at once."
    )
    rollback: Approval = Field(
        "manual", description="The same for the way back from a champion that has proven worse than the one before."
    )
    reinforce: ReinforceOn = Field(
        "both",
        description="What makes a model try to mend itself: rule (confident errors), promises (more errors than its"
        " confidences promise), both, off.",
    )
    reinforce_confidence: Annotated[float, Field(ge=0, le=1)] = Field(
        0.70, description="The rule: confidence from which a wrong forecast counts."
    )
    reinforce_errors: Count = Field(10, description="The rule: wrong forecasts that it takes.")
    reinforce_days: Days = Field(7.0, description="The rule: days of event time over which they are counted.")
    reinforce_rate: Annotated[float, Field(gt=0, le=1)] = Field(
        0.01, description="Step of the fine-tuning on wrong forecasts that is tried."
    )
    reinforce_matches: Annotated[int, Field(ge=0, le=2_000)] = Field(
        400, description="Recent matches that are kept for building and judging what is tried; 0 switches it off."
    )

    @property
    def model_names(self) -> tuple[str, ...]:
        """The models that predict, champion first."""
        return split(self.models)

    def league_config(self, competition: str) -> LeagueConfig:
        """The configuration that these settings give to `competition`."""
        return LeagueConfig(
            kind="national" if names_one(competition, self.national) else "league",
            models=self.model_names,
            window=self.window,
            decay_drop=self.decay_drop,
            alert_rate=self.alert_rate,
            check_hours=self.check_hours,
            cold_matches=self.cold_matches,
            uncertain_below=self.uncertain_below,
            conflict_within=self.conflict_within,
            expire_after_days=self.expire_after_days,
            remember_days=self.remember_days,
            odds=tuple((home, draw, away) for home, draw, away in triples(self.odds)),
            virtual=names_one(competition, self.virtual),
            promote_matches=self.promote_matches,
            promote_days=self.promote_days,
            promote_gain=self.promote_gain,
            promote_alpha=self.promote_alpha,
            promote_scope=self.promote_scope,
            approval=self.approval,
            rollback=self.rollback,
            reinforce=self.reinforce,
            reinforce_confidence=self.reinforce_confidence,
            reinforce_errors=self.reinforce_errors,
            reinforce_days=self.reinforce_days,
            reinforce_rate=self.reinforce_rate,
            reinforce_matches=self.reinforce_matches,
        )
