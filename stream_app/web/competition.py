"""What the live view holds of one competition: its matches, its alerts, its scoreboard and the line of its losses."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from stream_app.events import Analytics, DecayAlert, Evaluation, Prediction, Registry, Scoreboard
from stream_app.web.lineup import LineUp
from stream_app.web.recent import Newest, slug
from stream_app.web.series import RollingLoss
from stream_app.web.teams import RatingLines

OPEN_MATCHES = 600
SETTLED_MATCHES = 200
ALERTS = 200
REVISIONS = 50
UNSEALED = 2_000
"""Evaluations that wait for their prediction."""

LONGEST_OPEN = timedelta(days=60)
"""Event time after kickoff beyond which a match without a result is no longer called open, though no message says so.
"""


@dataclass(slots=True)
class MatchView:
    """One match: every revision of its prediction, oldest first, and every word on how it ended, newest last."""

    slug: str
    match_id: str
    competition: str
    season: str
    home: str
    away: str
    kickoff: datetime
    revisions: deque[Prediction] = field(default_factory=lambda: deque(maxlen=REVISIONS))
    evaluations: deque[Evaluation] = field(default_factory=lambda: deque(maxlen=REVISIONS))

    def take(self, event: Prediction | Evaluation) -> None:
        """Add what `event` says."""
        if isinstance(event, Prediction):
            self.revisions.append(event)
        else:
            self.evaluations.append(event)
        self.kickoff = event.kickoff

    @property
    def prediction(self) -> Prediction | None:
        """The revision that holds: the last one that was made in time, else the last one."""
        in_time = [revision for revision in self.revisions if not revision.late]
        revisions = in_time or list(self.revisions)
        return revisions[-1] if revisions else None

    def sealed(self, evaluation: Evaluation) -> Prediction | None:
        """The revision that `evaluation` is about, where it is held."""
        about = (revision for revision in self.revisions if revision.prediction_id == evaluation.prediction_id)
        return next(about, None)

    @property
    def evaluation(self) -> Evaluation | None:
        """The last word on how the match ended, None when there is none yet."""
        return self.evaluations[-1] if self.evaluations else None

    @property
    def is_settled(self) -> bool:
        """Whether nothing more is expected. A postponed match is open again once it is predicted anew."""
        evaluation = self.evaluation
        if evaluation is None:
            return bool(self.revisions) and self.revisions[-1].late
        if evaluation.status != "void" or not self.revisions:
            return True
        return self.revisions[-1].late or self.revisions[-1].prediction_id == evaluation.prediction_id


def match_of(event: Prediction | Evaluation) -> MatchView:
    """The match that `event` speaks of, of which nothing else is known yet."""
    return MatchView(
        slug(event.match_id),
        event.match_id,
        event.competition,
        event.season,
        event.home,
        event.away,
        event.kickoff,
    )


class CompetitionView:
    """Everything that is shown of one competition."""

    def __init__(self, name: str, window: int) -> None:
        self.name = name
        self.slug = slug(name)
        self.board: Scoreboard | None = None
        self.clock: datetime | None = None
        self.last_change = 0
        self.open: Newest[MatchView] = Newest(OPEN_MATCHES)
        self.settled: Newest[MatchView] = Newest(SETTLED_MATCHES)
        self.alerts: Newest[DecayAlert] = Newest(ALERTS)
        self.losses = RollingLoss(window)
        self.lineup = LineUp()
        self.ratings = RatingLines()
        self.analytics: Analytics | None = None
        self._unsealed: dict[str, Evaluation] = {}
        self._open_alerts: dict[tuple[str, str, str], DecayAlert] = {}

    def match(self, match_slug: str) -> MatchView | None:
        """The match at this slug, None when it is not or no longer held."""
        return self.open.get(match_slug) or self.settled.get(match_slug)

    def open_matches(self) -> list[MatchView]:
        """Matches without a result, the soonest kickoff first."""
        horizon = None if self.clock is None else self.clock - LONGEST_OPEN
        held = [match for match in self.open.newest_first() if horizon is None or match.kickoff >= horizon]
        return sorted(held, key=lambda match: (match.kickoff, match.match_id))

    def settled_matches(self) -> list[MatchView]:
        """Matches that have ended, the last one settled first."""
        return self.settled.newest_first()

    def open_alerts(self) -> list[DecayAlert]:
        """Alerts that were raised and not yet resolved, the newest first."""
        return sorted(self._open_alerts.values(), key=lambda alert: alert.at, reverse=True)

    def tick(self, at: datetime) -> None:
        """Move the competition's clock, which is the latest event time that it has seen."""
        if self.clock is None or at > self.clock:
            self.clock = at

    def take_alert(self, alert: DecayAlert) -> None:
        """A raised alert is open until one of the same model and metric is resolved."""
        self.alerts.put(alert.alert_id, alert)
        about = (alert.model, alert.kind, alert.metric)
        if alert.state == "resolved":
            self._open_alerts.pop(about, None)
        else:
            self._open_alerts[about] = alert

    def take_evaluation(self, evaluation: Evaluation) -> None:
        """Take in how a match ended, for the match itself and for every line that is drawn of the models."""
        self.tick(evaluation.evaluated_at)
        match = self.hold(evaluation)
        sealed = match.sealed(evaluation)
        self.losses.add(evaluation, None if sealed is None else sealed.market)
        if sealed is not None:
            self.lineup.take_evaluation(evaluation, sealed)
            return
        # The topics are read side by side, so its prediction may be still to come.
        if len(self._unsealed) == UNSEALED:
            self.lineup.take_evaluation(self._unsealed.pop(next(iter(self._unsealed))), None)
        self._unsealed[evaluation.prediction_id] = evaluation

    def take_prediction(self, prediction: Prediction) -> None:
        """Take in the ratings that a prediction tells, and what was waiting for it."""
        self.ratings.add(prediction)
        evaluation = self._unsealed.pop(prediction.prediction_id, None)
        if evaluation is not None:
            self.lineup.take_evaluation(evaluation, prediction)

    def table(self, kind: type[Scoreboard | Registry | Analytics]) -> Scoreboard | Registry | Analytics | None:
        """The table of this kind that is held, None when none has come."""
        tables = {Scoreboard: self.board, Registry: self.lineup.registry, Analytics: self.analytics}
        return tables[kind]

    def take_table(self, table: Scoreboard | Registry | Analytics) -> None:
        """Hold `table` in the place of the one before."""
        match table:
            case Scoreboard():
                self.board = table
            case Registry():
                self.lineup.registry = table
            case Analytics():
                self.analytics = table

    def hold(self, event: Prediction | Evaluation) -> MatchView:
        """The match that `event` speaks of, among the open or the settled ones as it stands after `event`."""
        key = slug(event.match_id)
        match = self.open.pop(key) or self.settled.pop(key)
        if match is None:
            match = match_of(event)
        match.take(event)
        (self.settled if match.is_settled else self.open).put(key, match)
        return match
