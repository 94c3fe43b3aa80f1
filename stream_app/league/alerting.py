"""The alerts of a league: who is watched, what is said of it, and when nobody has to be watched any more."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from stream_app.evaluation.alarm import Change
from stream_app.evaluation.drift import OutcomeWatch
from stream_app.evaluation.rolling import Standing
from stream_app.evaluation.watch import Watch
from stream_app.events import DecayAlert, LeagueConfig, Outcome, name_id


class Watched(Protocol):
    """A version of a model, with its figures and what it is watched for."""

    name: str
    version: int
    standing: Standing
    watch: Watch


class Alerts:
    """Watches the models of a competition, and its outcomes, for which the champion answers.

    An alert of the outcomes stays with the version for which it was raised. What is open when a version leaves is
    resolved with it.
    """

    def __init__(self, competition: str) -> None:
        self.competition = competition
        self.outcomes = OutcomeWatch()
        self._answers: dict[str, tuple[str, int]] = {}
        self._match_id = ""

    def count(self, outcome: Outcome, config: LeagueConfig) -> None:
        """Count an outcome of the competition."""
        self.outcomes.add(outcome, config)

    def look(
        self, models: Iterable[Watched], champion: Watched, match_id: str, at: datetime, config: LeagueConfig
    ) -> list[DecayAlert]:
        """What has changed when the message of `at` about `match_id` was taken in."""
        self._match_id = match_id
        alerts = [
            self._alert((model.name, model.version), change, at, config.window)
            for model in models
            for change in model.watch.look(model.standing, config)
        ]
        for change in self.outcomes.look(config):
            metric = change.sight.metric
            if change.state == "raised":
                self._answers[metric] = (champion.name, champion.version)
            alerts.append(self._alert(self._answers[metric], change, at, config.window))
        return alerts

    def retire(self, model: Watched, at: datetime, window: int) -> list[DecayAlert]:
        """Resolve what is open of a version that leaves."""
        return [
            self._alert((model.name, model.version), replace(change, state="resolved"), at, window, left=True)
            for change in model.watch.open()
        ]

    def _alert(
        self, of: tuple[str, int], change: Change, at: datetime, window: int, *, left: bool = False
    ) -> DecayAlert:
        name, version = of
        sight = change.sight
        return DecayAlert(
            alert_id=name_id(
                "alert", self.competition, name, version, change.kind, sight.metric, change.number, change.state
            ),
            competition=self.competition,
            model=name,
            version=version,
            kind=change.kind,
            state=change.state,
            severity=change.severity,
            at=at,
            match_id=self._match_id,
            metric=sight.metric,
            measured=sight.measured,
            promised=sight.promised,
            window=window,
            evidence=sight.evidence,
            limit=sight.limit,
            message=f"{name} {version} is no longer at work" if left else sentence(name, change, window),
        )


_FIGURES = {
    "log_loss": "log loss",
    "accuracy": "share of likeliest outcomes that came true",
    "home_rate": "share of home wins",
    "draw_rate": "share of draws",
    "away_rate": "share of away wins",
}


def sentence(name: str, change: Change, window: int) -> str:
    """What has happened, for people."""
    sight = change.sight
    figure = f"{_FIGURES[sight.metric]} in the last {window} matches"
    now, then = _written(sight.metric, sight.measured), _written(sight.metric, sight.promised)
    apart = sight.measured / sight.promised - 1.0
    distance = f"{abs(apart):.1%} {'above' if apart > 0 else 'below'}"
    if change.state == "resolved":
        against = f"its own {then}" if change.kind == "calibration" else f"{then} when it was raised"
        if change.kind == "drift":
            return f"{name} is used to what has changed: {figure} {now}, {distance} the {then} of before"
        return f"{name} has come back: {figure} {now}, against {against}"
    still = " further" if change.state == "worsened" else ""
    match change.kind:
        case "decay":
            return (
                f"{name} has become{still} worse: {figure} {now}, {distance} the {then} of before, and more than its"
                f" own probabilities promised; by bad luck alone, once in {sight.limit:,.0f} matches"
            )
        case "calibration":
            return (
                f"{name} promises{still} more than it keeps: {figure} {now}, {distance} the {then} that its own"
                f" probabilities promised; by bad luck alone, once in {sight.limit:,.0f} matches"
            )
        case "drift":
            return f"what {name} has to deal with has{still} changed: {figure} {now}, {distance} the {then} of before"


def _written(metric: str, value: float) -> str:
    return f"{value:.4f}" if metric == "log_loss" else f"{value:.1%}"
