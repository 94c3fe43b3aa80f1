"""Rows as HTML: what is shown of one model, match, alert. A row has an element id, by which the browser knows it."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from jinja2 import Environment

from stream_app.events import DecayAlert
from stream_app.web import present
from stream_app.web.competition import CompetitionView, MatchView
from stream_app.web.heat import score_map
from stream_app.web.recent import slug

TEMPLATES = ("rows.html", "model_rows.html", "team_rows.html")
"""Files of macros, each macro of a name of its own."""

ALERTS_SHOWN = 40

Rows = dict[str, str]
"""The rows of a region from top to bottom: element id to HTML. Where there is nothing to show, one row says so."""

MatchOf = tuple[CompetitionView, MatchView]


class RowMaker:
    """Makes rows by the macros of `TEMPLATES`, which escape what they are given."""

    def __init__(self, env: Environment) -> None:
        self._macros = {
            name: macro for file in TEMPLATES for name, macro in vars(env.get_template(file).module).items()
        }

    def row(self, macro: str, identity: str, *values: object, **named: object) -> str:
        """One row as HTML, by the macro of that name; `identity` becomes its element id."""
        return str(self._macros[macro](identity, *values, **named)).strip()

    def of(self, macro: str, rows: Iterable[tuple[str, *tuple[object, ...]]]) -> Rows:
        """Rows of one kind: each its element id, and what its macro takes."""
        return {identity: self.row(macro, identity, *values) for identity, *values in rows}

    def none(self, identity: str, text: str, columns: int) -> Rows:
        """The row of a table that has nothing to show."""
        return {identity: self.row("nothing", identity, text, columns)}

    def board(self, it: CompetitionView) -> dict[str, Rows]:
        """The regions of a competition's scoreboard: its line of words, and a row for each model."""
        board, best = it.board, present.champion_standing(it.board)
        rolling_gain = None if board is None or best is None else present.gain(best, board, rolling=True)
        rows = {}
        if board is not None:
            for line in board.models:
                identity = f"board-{it.slug}-{slug(line.model)}"
                gains = (present.gain(line, board, rolling=rolling) for rolling in (True, False))
                rows[identity] = self.row("standing", identity, line, *gains)
        empty = f"board-{it.slug}-none"
        line_id = f"line-{it.slug}-text"
        return {
            f"line-{it.slug}": {line_id: self.row("competition_line", line_id, it, best, rolling_gain)},
            f"board-{it.slug}": rows or self.none(empty, "No match has been scored yet.", 11),
        }

    def competition(self, it: CompetitionView) -> str:
        """A competition in one row."""
        best = present.champion_standing(it.board)
        gain = None if it.board is None or best is None else present.gain(best, it.board, rolling=True)
        return self.row(
            "competition_row",
            f"competition-{it.slug}",
            it,
            best,
            gain,
            len(it.open_matches()),
            len(it.open_alerts()),
        )

    def predictions(self, matches: Iterable[MatchOf], limit: int, *, with_competition: bool = True) -> Rows:
        """The champion's forecasts that hold, of the first `limit` of `matches` that have one."""
        rows: Rows = {}
        for it, match in matches:
            if match.prediction is None:
                continue
            identity = f"p-{it.slug}-{match.slug}"
            forecast = present.champion_forecast(match.prediction)
            rows[identity] = self.row(
                "prediction", identity, match, it, forecast, state_of(match, it), with_competition=with_competition
            )
            if len(rows) == limit:
                break
        return rows or self.none("predictions-none", "No prediction yet. One comes with the first match's features.", 3)

    def results(self, matches: Iterable[MatchOf], limit: int, *, with_competition: bool = True) -> Rows:
        """How the champion's forecasts turned out, of the first `limit` of `matches` that have ended."""
        rows: Rows = {}
        for it, match in matches:
            if match.evaluation is None:
                continue
            identity = f"e-{it.slug}-{match.slug}"
            score = present.champion_score(match.evaluation)
            rows[identity] = self.row(
                "result", identity, match, it, match.evaluation, score, with_competition=with_competition
            )
            if len(rows) == limit:
                break
        return rows or self.none("results-none", "No predicted match has ended yet.", 4)

    def alerts(
        self,
        alerts: Iterable[tuple[CompetitionView, DecayAlert]],
        empty: str,
        *,
        with_competition: bool = True,
        prefix: str = "alert",
    ) -> Rows:
        """The first alerts of many. `prefix` keeps the ids of two lists on one page apart."""
        rows = {
            f"{prefix}-{alert.alert_id}": self.row(
                "alert", f"{prefix}-{alert.alert_id}", alert, it, with_competition=with_competition
            )
            for it, alert in islice(alerts, ALERTS_SHOWN)
        }
        return rows or self.none(f"{prefix}-none", empty, 5)

    def goals(self, match: MatchView) -> Rows:
        """What the revision that holds expects of the goals; no row where it says nothing of them."""
        prediction = match.prediction
        if prediction is None or prediction.goals is None or not prediction.goals.scores:
            return {}
        goals = prediction.goals
        return {"goals-forecast": self.row("goals", "goals-forecast", goals, match, score_map(goals))}

    def voices(self, match: MatchView) -> Rows:
        """What the parts of each model said in the revision that holds, the one that was heard most first."""
        rows: Rows = {}
        for forecast in match.prediction.models if match.prediction else ():
            for voice in sorted(forecast.members, key=lambda voice: -voice.weight):
                identity = f"v-{slug(forecast.model)}-{slug(voice.member)}"
                rows[identity] = self.row("voice", identity, forecast, voice)
        return rows

    def reasons(self, match: MatchView) -> Rows:
        """What moved each model's forecast in the revision that holds."""
        rows: Rows = {}
        for forecast in match.prediction.models if match.prediction else ():
            for number, reason in enumerate(forecast.why):
                identity = f"why-{slug(forecast.model)}-{number}"
                rows[identity] = self.row("reason", identity, forecast, reason)
        return rows

    def revisions(self, match: MatchView) -> Rows:
        """What every model said in every revision, the last one first."""
        held = match.prediction
        rows: Rows = {}
        for prediction in reversed(match.revisions):
            for forecast in prediction.models:
                identity = f"r-{prediction.prediction_id}-{slug(forecast.model)}"
                rows[identity] = self.row("revision", identity, prediction, forecast, prediction is held)
        return rows or self.none("revisions-none", "No prediction is held of this match.", 6)

    def endings(self, match: MatchView) -> Rows:
        """How every model fared, the last word first."""
        rows: Rows = {}
        for evaluation in reversed(match.evaluations):
            for score in evaluation.models or (None,):
                identity = f"e-{evaluation.evaluation_id}" + (f"-{slug(score.model)}" if score else "")
                rows[identity] = self.row("ending", identity, evaluation, score)
        return rows or self.none("endings-none", "There is no result yet.", 7)


def state_of(match: MatchView, it: CompetitionView) -> str:
    """Where a match stands, in words, by its competition's clock."""
    evaluation = match.evaluation
    if match.is_settled:
        if evaluation is None:
            return "after the result, not scored"
        if evaluation.outcome is None:
            return present.ending_said(evaluation.status)
        return f"ended {evaluation.home_goals}\N{EN DASH}{evaluation.away_goals}"
    if it.clock is not None and it.clock >= match.kickoff:
        return "kicked off"
    return "before kickoff"
