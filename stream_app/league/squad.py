"""The models at work in a league: who predicts, who learns, how they stand, and who decays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import zip_longest

from stream_app.evaluation.rolling import Tally, marks_of
from stream_app.events import (
    Birth,
    DecayAlert,
    Forecast,
    LeagueConfig,
    ModelCommand,
    ModelStanding,
    Outcome,
    Score,
    VersionLine,
)
from stream_app.league.alerting import Alerts
from stream_app.league.fixture import Fixture, Given, Sealed
from stream_app.league.lines import version_line
from stream_app.league.member import Member, score
from stream_app.league.pupil import Listener, Pupil
from stream_app.league.trials import Trials
from stream_app.lifecycle.knowledge import Knowledge, seal_of
from stream_app.lifecycle.ledger import SETTINGS, Happening, Ledger
from stream_app.lifecycle.recent import RecentMatches
from stream_app.models.ensemble import votes

NAMED = "named in the configuration"

RETIRED_KEPT = 30
"""Records of retired versions that are kept."""


class Squad:
    """The models of one competition, champion first.

    Attributes
    ----------
    members
        The versions at work, by the names of their models: no two of them share one.
    pupils
        Registered versions that wait for their state.
    retired
        Records of those that are gone.
    knowledge
        All that was there to be learned since the competition began.
    recent
        The matches on which they try to mend themselves.
    listener
        Somebody else who hears of every match; none in a league at work.
    """

    def __init__(self, competition: str) -> None:
        self.competition = competition
        self.members: dict[str, Member] = {}
        self.pupils: dict[str, Pupil] = {}
        self.retired: list[VersionLine] = []
        self.versions: dict[str, int] = {}
        self.named: tuple[str, ...] = ()
        self.knowledge = Knowledge()
        self.ledger = Ledger(competition)
        self.trials = Trials()
        self.alerts = Alerts(competition)
        self.recent = RecentMatches(0)
        self.listener: Listener | None = None

    @property
    def champion(self) -> Member | None:
        """The version whose forecast counts; None before the first configuration."""
        return next(iter(self.members.values()), None)

    # Who is at work

    def line_up(self, config: LeagueConfig, at: datetime | None, *, anew: bool) -> None:
        """Put the models to work that `config` names: new ones start cold, those that it names no more are retired.

        What was registered by a command stays. The champion stays, too, unless it is gone or `config` names another
        model first than it did. With `anew` all models start cold. Every new start of a model is a new version.

        Raises
        ------
        InvalidInput
            There is no model of that name; then nothing has changed.
        """
        stay = {} if anew else self.members
        members = {name: stay.get(name) or self._newborn(name, at, config) for name in config.models}
        members |= {name: member for name, member in stay.items() if name not in members and name not in self.named}
        for member in self.members.values():
            if members.get(member.name) is not member:
                self.retire(member)
        for name, pupil in list(self.pupils.items()):
            if anew or name in members:
                self.dismiss(pupil, "its place was taken by the configuration")
        if anew:
            self.knowledge = Knowledge()
            self.recent = RecentMatches(0)
            if self.listener is not None:
                self.listener.begin_anew()
        reigning = self.ledger.champion
        leading = config.models[0]
        if reigning is not None and reigning.model in members and self.named[0] == leading and not anew:
            leading = reigning.model
        added = [member for member in members.values() if self.members.get(member.name) is not member]
        for member in members.values():
            member.standing.resize(config.window)
            self.versions[member.name] = member.version
        self.named = config.models
        self.members = members
        first = members[leading]
        if reigning != first.contender:
            self.crown(first, at, SETTINGS, "named first in the configuration")
        for member in added:
            self.ledger.note(Happening("registered", SETTINGS, NAMED, member.contender, member.alias))
        if reigning != first.contender and first not in added:
            why = self.ledger.reigns[-1].why
            self.ledger.note(Happening("promoted", SETTINGS, why, first.contender, "champion", previous=reigning))
        self._lead(first)
        self.hold_trials()

    def crown(self, member: Member, since: datetime | None, who: str, why: str) -> None:
        """Make `member` champion; the one that was is a challenger."""
        self._lead(member)
        self.ledger.crown(member.contender, since, who, why)
        self.hold_trials()

    def restore(self, since: datetime | None, who: str, why: str) -> Member | None:
        """Take the last change of champion back; None when the one before is not kept any more."""
        before = self.ledger.predecessor
        champion = self.champion
        if before is None or champion is None:
            return None
        member = self.members.get(before.model)
        if champion.reserve is not None and champion.reserve.contender == before:
            member = self.give_way(champion)
        if member is None or member.contender != before:
            return None
        self._lead(member)
        self.ledger.restore(who, why, since)
        self.hold_trials()
        return member

    def succeed(self, member: Member, successor: Member) -> None:
        """Put a new version into the place of `member`, which goes on in reserve."""
        if member.reserve is not None:
            self.retire(member.reserve)
            member.reserve = None
        self.alerts.leave(member)
        self.ledger.forget(member.contender, "another version took its place")
        successor.reserve = member
        successor.alias = member.alias
        self.versions[successor.name] = successor.version
        self.members = {name: successor if it is member else it for name, it in self.members.items()}
        self.hold_trials()

    def give_way(self, member: Member) -> Member:
        """Put the version in reserve, if there is one, back into the place of `member`, which is retired."""
        before = member.reserve
        if before is None:
            return member
        member.reserve = None
        before.alias = member.alias
        self.members = {name: before if it is member else it for name, it in self.members.items()}
        self.retire(member)
        self.hold_trials()
        return before

    def join(self, member: Member) -> None:
        """A version begins to predict."""
        self.pupils.pop(member.name, None)
        self.members[member.name] = member
        self.hold_trials()

    def retire(self, member: Member, command: ModelCommand | None = None) -> None:
        """Keep nothing of a version but its record; whoever calls takes it from the members."""
        if member.reserve is not None:
            self.retire(member.reserve)
        self.alerts.leave(member)
        self.retired.append(version_line(self.competition, member, "retired"))
        del self.retired[:-RETIRED_KEPT]
        self.ledger.forget(member.contender, "it is not at work any more")
        who, why = (SETTINGS, "its place was taken") if command is None else (command.who, command.why)
        self.ledger.note(Happening("retired", who, why, member.contender, command=command))

    def dismiss(self, pupil: Pupil, reason: str) -> None:
        """A version will not join any more."""
        del self.pupils[pupil.contender.model]
        self.ledger.note(Happening("lapsed", pupil.born.who, pupil.born.why, pupil.contender, reason=reason))

    def next_version(self, name: str) -> int:
        """The number of the next version of a model; from now on it is taken."""
        self.versions[name] = self.versions.get(name, 0) + 1
        return self.versions[name]

    def hold_trials(self) -> None:
        """Compare all that are at work, and the champion's reserve, with the champion."""
        champion = self.champion
        others = [member.contender for member in self.members.values()]
        if champion is not None and champion.reserve is not None:
            others.append(champion.reserve.contender)
        self.trials.hold(None if champion is None else champion.contender, others)

    # What they do

    def forecasts(self, x: dict[str, float], config: LeagueConfig) -> tuple[Forecast, ...]:
        """What every model says, champion first. What others want to hear of it is added to `x` as votes.

        A model that listens to others speaks after those that do not; one that nobody can hear first is missing to it.
        """
        wanted = {name for member in self.members.values() for name in member.model.listens_to}
        said: dict[str, Forecast] = {}
        for listens in (False, True):
            for name, member in self.members.items():
                if bool(member.model.listens_to) == listens:
                    said[name] = member.forecast(x, config)
                    if name in wanted:
                        x.update(votes(name, said[name].probabilities))
        return tuple(said[name] for name in self.members)

    def asides(self, x: Mapping[str, float], config: LeagueConfig) -> tuple[Given, ...]:
        """What versions in reserve say, to which nobody but the comparisons listens; `x` has all votes."""
        reserves = (member.reserve for member in self.members.values() if member.reserve is not None)
        return tuple(reserve.aside(x, config) for reserve in reserves)

    def learn(self, x: Mapping[str, float], outcome: Outcome) -> None:
        """Let every model learn that the match that `x` describes ended with `outcome`."""
        seal = seal_of(x, outcome)
        self.knowledge.add(seal)
        for member in self.members.values():
            member.learn(x, outcome, seal)
        for pupil in self.pupils.values():
            pupil.learn(x, outcome, seal)
        if self.listener is not None:
            self.listener.learn(x, outcome, seal)

    def count(
        self, fixture: Fixture, sealed: Sealed, outcome: Outcome | None, scores: Sequence[Score], at: datetime
    ) -> None:
        """Count a match with `outcome` (None: not at all) in all figures, in the place of what counted so far.

        `scores` are those of `sealed.given` with it, none without.
        """
        for given, new in zip_longest(sealed.given, scores):
            member = self.members.get(given.model)
            if member is not None and member.version == given.version:
                old = None if fixture.scored is None else marks_of(score(given, fixture.scored))
                member.standing.change(fixture.match_id, old, None if new is None else marks_of(new))
                member.mark(at)
        fixture.counted = self.trials.count(sealed, fixture.scored, fixture.counted, outcome, at)
        fixture.scored = outcome

    def watch(self, match_id: str, at: datetime, config: LeagueConfig) -> list[DecayAlert]:
        """What has changed in what the models are watched for, after `match_id` was counted at `at`."""
        members = list(self.members.values())
        return self.alerts.look(members, members[0], match_id, at, config)

    def standings(self, awaited: Iterable[Sealed], config: LeagueConfig) -> tuple[ModelStanding, ...]:
        """The lines of the scoreboard; `awaited` are the predictions that wait for their results."""
        ahead = {name: Tally() for name in self.members}
        for sealed in awaited:
            for given in sealed.given:
                member = self.members.get(given.model)
                if member is not None and member.version == given.version:
                    ahead[given.model].expect(given.probabilities)
        return tuple(member.line(ahead[name].expected(), config) for name, member in self.members.items())

    def _lead(self, member: Member) -> None:
        for other in self.members.values():
            if other.alias == "champion":
                other.alias = "challenger"
        member.alias = "champion"
        others = {name: it for name, it in self.members.items() if it is not member}
        self.members = {member.name: member, **others}

    def _newborn(self, name: str, at: datetime | None, config: LeagueConfig) -> Member:
        version = self.versions.get(name, 0) + 1
        parent = version - 1 or None
        return Member(name, version, config.window, Birth("configured", at, SETTINGS, NAMED, parent, None))
