"""The alerts of a league: who is watched, what is said of it, and when nobody has to be watched any more."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol

from stream_app.evaluation.alarm import Change
from stream_app.evaluation.drift import OutcomeWatch
from stream_app.evaluation.rolling import Standing
from stream_app.evaluation.watch import Watch
from stream_app.events import DecayAlert, LeagueConfig, Outcome, name_id
from stream_app.league.fixture import Given


class Watched(Protocol):
    """A version of a model, with its figures and what it is watched for."""

    name: str
    version: int
    standing: Standing
    watch: Watch


class Alerts:
    """Watches the models of a competition, and its outcomes, for which the champion answers.

    An alert of the outcomes stays with the version for which it was raised. What is open when a version leaves its
    place is resolved, with the next event.

    Attributes
    ----------
    checked
        The latest event time at which there was a look.
    """

    def __init__(self, competition: str) -> None:
        self.competition = competition
        self.outcomes = OutcomeWatch()
        self.checked: datetime | None = None
        self._answers: dict[str, tuple[str, int]] = {}
        self._left: list[tuple[tuple[str, int], Change]] = []
        self._match_id = ""

    def count(
        self, members: Mapping[str, Watched], given: Iterable[Given], outcome: Outcome, config: LeagueConfig
    ) -> None:
        """Count a match with its `outcome`, once, in the evidence; `given` is what was forecast."""
        self.outcomes.add(outcome, config)
        for forecast in given:
            member = members.get(forecast.model)
            if member is not None and member.version == forecast.version and not forecast.blocked:
                member.watch.add(forecast.probabilities, outcome, config)

    def is_due(self, at: datetime, config: LeagueConfig) -> bool:
        """Whether there has to be a look even though no result has come."""
        return self.checked is not None and at - self.checked >= timedelta(hours=config.check_hours)

    def look(
        self, models: Iterable[Watched], champion: Watched, match_id: str, at: datetime, config: LeagueConfig
    ) -> list[DecayAlert]:
        """What has changed when the message of `at` about `match_id` was taken in."""
        self.checked = at if self.checked is None else max(self.checked, at)
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

    def leave(self, model: Watched) -> None:
        """A version leaves its place, for good or to follow in reserve."""
        self._left += [((model.name, model.version), change) for change in model.watch.leave()]

    def begin_anew(self) -> None:
        """The competition is another one in all but its name: what was open about its outcomes is resolved."""
        for alarm in self.outcomes.alarms:
            if alarm.open is not None:
                of = self._answers[alarm.open.sight.metric]
                self._left.append((of, replace(alarm.open, state="resolved")))
        self.outcomes = OutcomeWatch()

    def farewells(self, at: datetime, config: LeagueConfig) -> list[DecayAlert]:
        """The resolutions of what was open when versions left, once each."""
        left, self._left = self._left, []
        return [self._alert(of, change, at, config.window, left=True) for of, change in left]

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
            message=f"version {version} of {name} has left its place" if left else sentence(name, change, window),
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
    now, then = _written(sight.metric, sight.measured), _written(sight.metric, sight.promised)
    figure = f"{_FIGURES[sight.metric]} in the last {window} matches {now}"
    apart = sight.measured / sight.promised - 1.0
    before = f"{abs(apart):.1%} {'above' if apart > 0 else 'below'} the {then}"
    chance = f"by bad luck alone, once in {sight.limit:,.0f} matches"
    match change.kind, change.state:
        case "decay", "resolved":
            return f"{name} has come back: {figure}, against {then} when it was raised"
        case "decay", state:
            more = "worse" if state == "raised" else "still worse"
            return (
                f"{name} has become {more}: {figure}, {before} of before, and more than its own probabilities"
                f" promised; {chance}"
            )
        case "calibration", "resolved":
            return f"{name} has come back: {figure}, against the {then} that it promises"
        case "calibration", state:
            more = "more" if state == "raised" else "still more"
            return f"{name} promises {more} than it keeps: {figure}, {before} that its own probabilities say; {chance}"
        case "drift", "resolved":
            return f"what had changed for {name} is the norm by now: {figure}, {before} of before"
        case _, state:
            more = "has changed" if state == "raised" else "has changed still more"
            return f"what {name} has to deal with {more}: {figure}, {before} of before"


def _written(metric: str, value: float) -> str:
    return f"{value:.4f}" if metric == "log_loss" else f"{value:.1%}"
