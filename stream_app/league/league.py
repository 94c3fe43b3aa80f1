"""The heart of the service: everything that one competition knows and decides."""

from __future__ import annotations

from datetime import datetime, timedelta

from stream_app.analytics import CompetitionAnalytics
from stream_app.errors import Fatal
from stream_app.events import (
    Analytics,
    Configure,
    EvaluationStatus,
    Features,
    LeagueConfig,
    ModelCommand,
    Output,
    Prediction,
    Refusal,
    Registry,
    Result,
    Scoreboard,
    name_id,
    outcome_of,
)
from stream_app.league import analysing, commands, mending, policy
from stream_app.league.counts import Counts
from stream_app.league.fixture import Fixture, Given, Revision, Sealed
from stream_app.league.fixtures import Fixtures
from stream_app.league.member import score
from stream_app.league.messages import evaluation_of, prediction_of
from stream_app.league.register import registry
from stream_app.league.squad import Squad
from stream_app.lifecycle.handover import Handover
from stream_app.models.upstream import upstream_inputs
from stream_app.ratings import Match, Ratings


class League:
    """One competition: its ratings, its models, its fixtures and its figures.

    It has four doors, `configure`, `predict`, `learn` and `command`, and answers each with what is to be published. It
    reads no clock and no file and draws no random number: its state and its answers are a function of what came through
    the doors, to the last bit, also when it was pickled and loaded in between. `fixtures` tells what becomes of
    duplicates, late messages and changes of mind, `commands` and `policy` what becomes of the models.
    """

    def __init__(self, competition: str) -> None:
        self.competition = competition
        self.config: LeagueConfig | None = None
        self.ratings = Ratings("league")
        self.squad = Squad(competition)
        self.analytics = CompetitionAnalytics()
        self.fixtures = Fixtures()
        self.matches = 0
        self.counts = Counts()

    def configure(self, configure: Configure) -> list[Output]:
        """Take over a configuration; an equal one changes nothing.

        Models that are new start cold and models that are gone are forgotten, with their figures. A change of `kind`
        is another competition in all but its name: ratings and models begin anew.

        Raises
        ------
        Fatal
            It is for another competition.
        InvalidInput
            It names a model that there is not.
        """
        self._check(configure.competition)
        config = configure.config
        if config == self.config:
            return []
        anew = self.config is None or config.kind != self.config.kind
        self.squad.line_up(config, self.fixtures.latest, anew=anew)
        if anew:
            self.ratings = Ratings(config.kind)
            self.analytics = CompetitionAnalytics()
            self.squad.alerts.begin_anew()
        self.config = config
        return []

    def predict(self, features: Features) -> list[Output]:
        """Answer new features with a prediction; expire what has waited too long for its result.

        Raises Fatal when the features are of another competition, or when nothing was configured yet.
        """
        config = self._configured(features.competition)
        outputs = self._predict(features, config)
        self.fixtures.put_away()
        return outputs

    def learn(self, result: Result) -> list[Output]:
        """Score the sealed prediction, then learn; expire what has waited too long for its result.

        Raises Fatal when the result is of another competition, or when nothing was configured yet.
        """
        config = self._configured(result.competition)
        outputs = self._learn(result, config)
        self.fixtures.put_away()
        return outputs

    def command(self, command: ModelCommand, handover: Handover | str | None = None) -> list[Output]:
        """Do what is asked of the models, or tell why not; a command that has come before changes nothing.

        `handover` is what the artefact of the command holds, or why that cannot be used.

        Raises Fatal when the command is for another competition, or when nothing was configured yet.
        """
        config = self._configured(command.competition)
        commands.carry_out(self.squad, command, handover, self._now(command.issued_at), config)
        return self._news(command.issued_at)

    def refuse(self, refusal: Refusal) -> list[Output]:
        """Tell of a command that was refused before it came here. Raises Fatal like `command`."""
        self._configured(refusal.competition)
        commands.refuse(self.squad, refusal)
        return self._news(refusal.issued_at)

    def tables(self) -> tuple[Scoreboard | Analytics | Registry, ...]:
        """All that others read of the competition, beside what it says event by event."""
        told = self.scoreboard(), self.analysis()
        return told if self.config is None else (*told, self.registry(self.config))

    def registry(self, config: LeagueConfig) -> Registry:
        """All that is known of the models, by the rules of `config`."""
        return registry(self.squad, self.fixtures.latest, config)

    def scoreboard(self) -> Scoreboard:
        """How the models stand, champion first."""
        return Scoreboard(
            competition=self.competition,
            as_of=self.fixtures.latest,
            matches=self.matches,
            open_predictions=self.fixtures.awaited,
            models=() if self.config is None else self.squad.standings(self.fixtures.waiting(), self.config),
        )

    def analysis(self) -> Analytics:
        """Streaks, transitions and randomness, with the teams' ratings."""
        return self.analytics.figures(self.competition, self.ratings.elo.teams)

    def _predict(self, features: Features, config: LeagueConfig) -> list[Output]:
        fixture = self.fixtures.find(features.match_id, features.kickoff, features.as_of, _remembered(config))
        if fixture is None:
            self.counts.too_old += 1
            return []
        revision = fixture.revise(features)
        if revision is None:
            if features.as_of == fixture.as_of:
                self.counts.duplicate += 1
            else:
                self.counts.stale += 1
            return []
        prediction = self._answer(fixture, features, revision, config)
        return [prediction, *self._pass_time(features.as_of, features.match_id, config), *self._news(features.as_of)]

    def _learn(self, result: Result, config: LeagueConfig) -> list[Output]:
        fixture = self.fixtures.find(result.match_id, result.kickoff, result.finished_at, _remembered(config))
        if fixture is None:
            self.counts.too_old += 1
            return []
        heard = fixture.hears(result)
        if heard == "duplicate":
            self.counts.duplicate += 1
            return []
        if heard == "stale":
            self.counts.stale += 1
            return []
        outputs = self._settle(fixture, result, config)
        outputs += self._pass_time(result.finished_at, result.match_id, config)
        policy.review(self.squad, self._now(result.finished_at), config)
        return outputs + self._news(result.finished_at)

    def _answer(self, fixture: Fixture, features: Features, revision: Revision, config: LeagueConfig) -> Prediction:
        match = _match(features)
        x = self.ratings.inputs(match) | upstream_inputs(features.features, config.odds)
        x |= self.analytics.inputs(features.home, features.away)
        forecasts = self.squad.forecasts(x, config)
        prediction_id = name_id(
            "prediction", self.competition, features.match_id, features.kickoff.isoformat(), revision.number
        )
        if revision.late:
            self.counts.late += 1
        else:
            given = tuple(
                Given(line.model, line.version, line.alias, line.probabilities, line.status == "blocked")
                for line in forecasts
            )
            aside = self.squad.asides(x, config)
            self.fixtures.seal(fixture, Sealed(prediction_id, match, features.as_of, given, aside), x)
        return prediction_of(features, revision, prediction_id, forecasts, x, self.ratings.points(match))

    def _settle(self, fixture: Fixture, result: Result, config: LeagueConfig) -> list[Output]:
        if result.status == "postponed":
            outputs = self._void(fixture, result.finished_at) if fixture.scored else []
            # One that is expired waits for news all the same, and has been reported.
            if fixture.state != "expired":
                self.fixtures.reopen(fixture)
            return outputs + self.squad.watch(fixture.match_id, result.finished_at, config)
        if result.status == "abandoned":
            outputs = self._void(fixture, result.finished_at)
            self.fixtures.close(fixture, "abandoned")
            return outputs + self.squad.watch(fixture.match_id, result.finished_at, config)
        if result.home_goals is None or result.away_goals is None:
            raise Fatal(f"result of match {result.match_id!r} is {result.status} and has no goals")
        return self._play(fixture, result, (result.home_goals, result.away_goals), config)

    def _play(self, fixture: Fixture, result: Result, goals: tuple[int, int], config: LeagueConfig) -> list[Output]:
        if fixture.state == "played" and fixture.goals == goals:
            return []
        self.fixtures.close(fixture, "played")
        fixture.goals = goals
        sealed = fixture.foretold(result)
        learned = not fixture.learned and sealed is not None and fixture.x is not None
        if sealed is None:
            outputs = self._void(fixture, result.finished_at)
        else:
            status: EvaluationStatus = "corrected" if fixture.scored else "final"
            outputs = self._pronounce(fixture, sealed, status, result.finished_at, goals, learned)
        if not fixture.learned:
            self._teach(fixture, result, sealed, goals, config)
        return outputs + self.squad.watch(fixture.match_id, result.finished_at, config)

    def _teach(
        self,
        fixture: Fixture,
        result: Result,
        sealed: Sealed | None,
        goals: tuple[int, int],
        config: LeagueConfig,
    ) -> None:
        """Let ratings and models learn, the models from the very numbers that the sealed prediction rests on."""
        foretold = analysing.foretold(sealed, fixture.x, self.squad, config)
        self.analytics.learn(analysing.played(result, goals), foretold, virtual=config.virtual)
        given = () if sealed is None else sealed.given
        self.squad.alerts.count(self.squad.members, given, outcome_of(*goals), config)
        if sealed is None:
            self.counts.unpredicted += 1
            match = _match(result)
        else:
            match = sealed.match
            if fixture.x is not None:
                outcome = outcome_of(*goals)
                self.squad.learn(fixture.x, outcome)
                mending.hear(self.squad, sealed, fixture.x, outcome, self._now(result.finished_at), config)
        self.ratings.learn(match, *goals)
        self.matches += 1
        fixture.learned, fixture.x = True, None

    def _void(self, fixture: Fixture, at: datetime) -> list[Output]:
        """Take back what was said of the sealed prediction: there is nothing to score it with."""
        if fixture.sealed is None or fixture.verdict == "void":
            return []
        return self._pronounce(fixture, fixture.sealed, "void", at, None, learned=False)

    def _pronounce(
        self,
        fixture: Fixture,
        sealed: Sealed,
        status: EvaluationStatus,
        at: datetime,
        goals: tuple[int, int] | None,
        learned: bool,
    ) -> list[Output]:
        """Publish a verdict in the place of the one that stood, and count it in the figures instead of that one."""
        outcome = None if goals is None else outcome_of(*goals)
        scores = () if outcome is None else tuple(score(given, outcome) for given in sealed.given)
        self.squad.count(fixture, sealed, outcome, scores, at)
        fixture.evaluations += 1
        superseded = fixture.evaluation_id
        fixture.evaluation_id = name_id("evaluation", sealed.prediction_id, fixture.evaluations)
        fixture.verdict = status
        return [
            evaluation_of(
                self.competition,
                fixture,
                fixture.evaluation_id,
                sealed,
                status,
                at,
                goals,
                superseded,
                learned,
                scores,
            )
        ]

    def _pass_time(self, at: datetime, match_id: str, config: LeagueConfig) -> list[Output]:
        self.fixtures.pass_time(at, match_id)
        after = timedelta(days=config.expire_after_days)
        outputs: list[Output] = []
        for fixture in self.fixtures.overdue(at, after):
            if fixture.sealed is not None:
                outputs += self._pronounce(
                    fixture, fixture.sealed, "expired", fixture.kickoff + after, None, learned=False
                )
        self.fixtures.forget(_remembered(config))
        if self.squad.alerts.is_due(at, config):
            outputs += self.squad.watch(match_id, at, config)
        return outputs

    def _now(self, at: datetime) -> datetime:
        """The time of the competition; that of a first event, `at`, when there was none before."""
        return self.fixtures.latest or at

    def _news(self, at: datetime) -> list[Output]:
        now = self._now(at)
        left = [] if self.config is None else self.squad.alerts.farewells(now, self.config)
        return [*left, *self.squad.ledger.news(now)]

    def _configured(self, competition: str) -> LeagueConfig:
        self._check(competition)
        if self.config is None:
            raise Fatal(f"league {self.competition!r}: an event came before the first configuration")
        return self.config

    def _check(self, competition: str) -> None:
        if competition != self.competition:
            raise Fatal(f"league {self.competition!r}: got an event of {competition!r}")


def _remembered(config: LeagueConfig) -> timedelta:
    return timedelta(days=config.remember_days)


def _match(event: Features | Result) -> Match:
    return Match(
        season=event.season,
        kickoff=event.kickoff,
        home=event.home,
        away=event.away,
        neutral=event.neutral,
        friendly=event.importance == "friendly",
    )
