"""The models at work in a league: who predicts, who learns, how they stand, and who decays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from stream_app.evaluation.drift import METRIC, Decay
from stream_app.evaluation.rolling import marks_of
from stream_app.events import (
    Alias,
    DecayAlert,
    Forecast,
    LeagueConfig,
    ModelStanding,
    Outcome,
    Score,
    name_id,
)
from stream_app.league.fixtures import Given
from stream_app.league.member import Member, score
from stream_app.models.ensemble import votes


class Squad:
    """The models of one competition, champion first."""

    def __init__(self, competition: str) -> None:
        self.competition = competition
        self.members: dict[str, Member] = {}
        self.versions: dict[str, int] = {}

    def line_up(self, config: LeagueConfig, *, anew: bool) -> None:
        """Put the models to work that `config` names: those that are new start cold, those that are gone are forgotten.

        With `anew` all of them start cold. Every new start of a model of the same name is a new version.

        Raises
        ------
        InvalidInput
            There is no model of that name; then nothing has changed.
        """
        kept = {} if anew else self.members
        members = {
            name: kept.get(name) or Member(name, self.versions.get(name, 0) + 1, config.window)
            for name in config.models
        }
        for member in members.values():
            member.standing.resize(config.window)
            self.versions[member.name] = member.version
        self.members = members

    def forecasts(self, x: dict[str, float], config: LeagueConfig) -> tuple[Forecast, ...]:
        """What every model says, champion first. What others want to hear of it is added to `x` as votes.

        A model that listens to others speaks after those that do not; one that nobody can hear first is missing to it.
        """
        wanted = {name for member in self.members.values() for name in member.model.listens_to}
        said: dict[str, Forecast] = {}
        for listens in (False, True):
            for place, (name, member) in enumerate(self.members.items()):
                if bool(member.model.listens_to) == listens:
                    said[name] = member.forecast(x, _alias(place), config)
                    if name in wanted:
                        x.update(votes(name, said[name].probabilities))
        return tuple(said[name] for name in self.members)

    def learn(self, x: Mapping[str, float], outcome: Outcome) -> None:
        """Let every model learn that the match that `x` describes ended with `outcome`."""
        for member in self.members.values():
            member.learn(x, outcome)

    def count(self, match_id: str, given: Iterable[Given], counted: Outcome | None, scores: tuple[Score, ...]) -> None:
        """Count a match with `scores` (none: not at all) in the models' figures.

        `given` is what was forecast, and `counted` the outcome with which the match has been counted so far.
        """
        for place, forecast in enumerate(given):
            member = self.members.get(forecast.model)
            if member is not None and member.version == forecast.version:
                old = None if counted is None else marks_of(score(forecast, counted))
                new = marks_of(scores[place]) if scores else None
                member.standing.change(match_id, old, new)

    def watch(self, match_id: str, at: datetime, config: LeagueConfig) -> list[DecayAlert]:
        """What has changed in the decay of the models, after `match_id` was counted at `at`."""
        alerts = []
        for member in self.members.values():
            decay = member.watch.look(member.standing, config.decay_drop)
            if decay is not None:
                alerts.append(self._alert(member, decay, match_id, at))
        return alerts

    def standings(self) -> tuple[ModelStanding, ...]:
        """The lines of the scoreboard."""
        return tuple(member.line(_alias(place)) for place, member in enumerate(self.members.values()))

    def _alert(self, member: Member, decay: Decay, match_id: str, at: datetime) -> DecayAlert:
        change = decay.measured / decay.promised - 1.0
        return DecayAlert(
            alert_id=name_id(
                "alert", self.competition, member.name, member.version, "decay", decay.number, decay.state
            ),
            competition=self.competition,
            model=member.name,
            version=member.version,
            kind="decay",
            state=decay.state,
            severity=decay.severity,
            at=at,
            match_id=match_id,
            metric=METRIC,
            measured=decay.measured,
            promised=decay.promised,
            window=member.standing.window,
            evidence=0.0,
            limit=1.0,
            message=(
                f"{member.name}: log loss of the last {member.standing.window} matches is {decay.measured:.4f}, "
                f"{abs(change):.1%} {'above' if change > 0 else 'below'} its baseline of {decay.promised:.4f}"
            ),
        )


def _alias(place: int) -> Alias:
    return "champion" if place == 0 else "challenger"
