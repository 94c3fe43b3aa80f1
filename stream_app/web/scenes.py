"""What each page shows of the view, as frames. The page that is served and what is pushed to it later are made here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from typing import Protocol

from jinja2 import Environment
from markupsafe import Markup

from stream_app.web import model_scenes, present, team_scenes
from stream_app.web.competition import CompetitionView, MatchView
from stream_app.web.frame import Chart, Frame, Page, Scope, Unknown
from stream_app.web.groups import Group
from stream_app.web.health import Health, PartitionPlace
from stream_app.web.rows import RowMaker, Rows, state_of
from stream_app.web.series import MARKET, Point
from stream_app.web.view import View

CARDS = 6
"""Competitions that have a card of their own on the first page: those with the most matches."""

ROWS_NOW = 12
"""Rows of each list on the first page. More of them are on the competition's page."""

ROWS_COMPETITION = 40
COMPETITIONS_SHOWN = 300

NO_ALERT_OPEN = "No alert is open: every model keeps what it promises."


class Source(Protocol):
    """What is known beside the view: how fresh it is, and who else reads the topics."""

    @property
    def health(self) -> Health: ...
    @property
    def groups(self) -> tuple[Group, ...]: ...


class Scenes:
    """Composes the frames of all pages."""

    def __init__(self, view: View, source: Source, env: Environment) -> None:
        self._view = view
        self._source = source
        self._rows = RowMaker(env)
        self._makers: Mapping[Page, Callable[[Scope], tuple[dict[str, Rows], dict[str, Chart]]]] = {
            "now": self._now,
            "competition": self._competition,
            "match": self._match,
            "models": lambda scope: model_scenes.models(
                self._rows, self.competition(scope), self._view.together, scope.command
            ),
            "lineups": lambda scope: (
                model_scenes.lineups(self._rows, self._view.competitions, self._view.together),
                {},
            ),
            "alerts": self._alerts,
            "system": self._system,
            "status": lambda scope: ({}, {}),
        }

    def compose(self, scope: Scope) -> Frame:
        """What `scope` shows now. Raises Unknown for a competition or match that is not held."""
        regions, charts = self._makers[scope.page](scope)
        return Frame(regions, charts, status(self._source.health))

    def card(self, identity: str, fill: Callable[[str], Markup]) -> Markup:
        """One row of the region `cards`, filled: what is pushed leaves the regions within it to themselves."""
        competition = self._view.competition(identity.removeprefix("card-"))
        if competition is None:
            return fill("cards")
        return Markup(self._rows.row("card", identity, competition, fill))  # noqa: S704  # by an escaping macro

    def competition(self, scope: Scope) -> CompetitionView:
        """The competition that `scope` is about. Raises Unknown."""
        found = self._view.competition(scope.competition or "")
        if found is None:
            raise Unknown(f"Nothing has been heard of a competition called {scope.competition!r}.")
        return found

    def match_frame(self, competition: CompetitionView, match: MatchView) -> Frame:
        """What is shown of a match, whether the view holds it or not."""
        return Frame(self._of_match(competition, match), {}, status(self._source.health))

    def _now(self, scope: Scope) -> tuple[dict[str, Rows], dict[str, Chart]]:
        competitions = self._view.competitions
        largest = sorted(competitions, key=_matches_of, reverse=True)
        carded = sorted(largest[:CARDS], key=lambda competition: competition.name)
        rest = competitions if len(competitions) > CARDS else []
        recent = sorted(competitions, key=lambda it: it.last_change, reverse=True)[:ROWS_NOW]
        regions: dict[str, Rows] = {
            "tiles": self._tiles(),
            "cards": {f"card-{it.slug}": self._rows.row("card", f"card-{it.slug}", it) for it in carded}
            or {"cards-none": self._rows.row("nothing", "cards-none", "No competition has been seen yet.")},
        }
        charts: dict[str, Chart] = {}
        for it in carded:
            regions |= self._rows.board(it)
            charts |= _loss_chart(it)
        regions["competitions"] = {
            f"competition-{it.slug}": self._rows.competition(it) for it in rest[:COMPETITIONS_SHOWN]
        }
        opened = sorted(
            ((it, match) for it in recent for match in it.open_matches()[:ROWS_NOW]),
            key=lambda pair: (pair[1].kickoff, pair[1].slug),
        )
        settled = sorted(
            ((it, match) for it in recent for match in it.settled_matches()[:ROWS_NOW]),
            key=lambda pair: pair[1].kickoff,
            reverse=True,
        )
        several = len(competitions) > 1
        regions["predictions"] = self._rows.predictions([*opened, *settled], ROWS_NOW, with_competition=several)
        regions["results"] = self._rows.results(settled, ROWS_NOW, with_competition=several)
        alerts = ((it, alert) for it in competitions for alert in it.open_alerts())
        regions["alerts"] = self._rows.alerts(alerts, NO_ALERT_OPEN, with_competition=several)
        return regions, charts

    def _competition(self, scope: Scope) -> tuple[dict[str, Rows], dict[str, Chart]]:
        it = self.competition(scope)
        opened = [(it, match) for match in it.open_matches()]
        settled = [(it, match) for match in it.settled_matches()]
        regions = {
            **self._rows.board(it),
            "predictions": self._rows.predictions([*opened, *settled], ROWS_COMPETITION, with_competition=False),
            "results": self._rows.results(settled, ROWS_COMPETITION, with_competition=False),
            "alerts": self._rows.alerts(
                ((it, alert) for alert in it.alerts.newest_first()), "No alert so far.", with_competition=False
            ),
        }
        table, ratings = team_scenes.teams(self._rows, it)
        charts = _loss_chart(it) | _gain_chart(it) | ratings
        return regions | table | team_scenes.results(self._rows, it), charts

    def _match(self, scope: Scope) -> tuple[dict[str, Rows], dict[str, Chart]]:
        competition = self.competition(scope)
        match = competition.match(scope.match or "")
        if match is None:
            raise Unknown(f"The match {scope.match!r} is not held any more.")
        return self._of_match(competition, match), {}

    def _of_match(self, competition: CompetitionView, match: MatchView) -> dict[str, Rows]:
        state = state_of(match, competition)
        return {
            "facts": {"facts-line": self._rows.row("match_line", "facts-line", match, competition, state)},
            "goals": self._rows.goals(match),
            "voices": self._rows.voices(match),
            "reasons": self._rows.reasons(match),
            "revisions": self._rows.revisions(match),
            "endings": self._rows.endings(match),
        }

    def _alerts(self, scope: Scope) -> tuple[dict[str, Rows], dict[str, Chart]]:
        competitions = self._view.competitions
        past = [(it, alert) for it in competitions for alert in it.alerts.newest_first()]
        past.sort(key=lambda pair: pair[1].at, reverse=True)
        return {
            "open": self._rows.alerts(
                ((it, alert) for it in competitions for alert in it.open_alerts()), NO_ALERT_OPEN
            ),
            "past": self._rows.alerts(past, "No alert so far.", prefix="past"),
        }, {}

    def _system(self, scope: Scope) -> tuple[dict[str, Rows], dict[str, Chart]]:
        health, counts = self._source.health, self._view.counts
        tiles = {
            "rate": ("Messages a second", present.count(health.rate), "read just now"),
            "behind": ("Behind", present.count(health.behind), "messages that this page has yet to read"),
            "repeated": ("Repeated", present.count(counts.repeated), "dropped by their id"),
            "unreadable": ("Unreadable", present.count(counts.unreadable), "left out"),
            "dead": ("Dead letters", present.count(counts.dead_letters), "refused"),
        }
        groups = self._source.groups
        return {
            "tiles": {f"tile-{name}": self._rows.row("tile", f"tile-{name}", *tile) for name, tile in tiles.items()},
            "groups": self._rows.of(
                "group", ((f"group-{group.name}-{lag.topic}", group, lag) for group in groups for lag in group.topics)
            )
            or self._rows.none("groups-none", "No worker and no sink has read anything yet.", 5),
            "members": self._rows.of(
                "member", ((f"member-{member.name}", group, member) for group in groups for member in group.members)
            )
            or self._rows.none("members-none", "No worker and no sink is running.", 4),
            "checkpoints": self._rows.of(
                "checkpoint",
                ((f"checkpoint-{it.partition}", it) for _, it in sorted(self._view.checkpoints.items())),
            )
            or self._rows.none("checkpoints-none", "There is no checkpoint yet.", 4),
            "dead-letters": self._rows.of(
                "dead_letter",
                (
                    (f"dead-{letter.partition}-{letter.offset}", letter)
                    for letter in islice(reversed(self._view.dead_letters), ROWS_COMPETITION)
                ),
            )
            or self._rows.none("dead-none", "Nothing was refused.", 2),
            "topics": self._rows.of("topic", ((f"topic-{it[0]}", *it) for it in _by_topic(health)))
            or self._rows.none("topics-none", "Kafka has not answered yet.", 4),
        }, {}

    def _tiles(self) -> Rows:
        competitions = self._view.competitions
        tiles = {
            "competitions": ("Competitions", len(competitions), ""),
            "scored": ("Matches scored", sum(_matches_of(it) for it in competitions), ""),
            "open": ("Open matches", sum(len(it.open_matches()) for it in competitions), ""),
            "alerts": ("Open alerts", sum(len(it.open_alerts()) for it in competitions), ""),
            "rate": ("Messages a second", self._source.health.rate, ""),
            "behind": ("Behind", sum(group.behind for group in self._source.groups), "of workers and sinks"),
        }
        return {
            f"tile-{name}": self._rows.row("tile", f"tile-{name}", label, present.count(value), hint)
            for name, (label, value, hint) in tiles.items()
        }


def status(health: Health) -> dict[str, str | int]:
    """The health as the page's mark of freshness."""
    text = {
        "connecting": "connecting",
        "catching up": f"catching up, {health.percent_read}%",
        "live": "live",
        "stale": "stale",
    }[health.phase]
    return {
        "phase": health.phase,
        "text": text,
        "since": health.since.isoformat(timespec="seconds"),
        "detail": health.detail,
    }


def _by_topic(health: Health) -> list[tuple[str, int, int, int]]:
    """Topic, partitions, messages and offsets that lie ahead, in the order of the topics."""
    topics: dict[str, list[PartitionPlace]] = {}
    for place in health.places:
        topics.setdefault(place.topic, []).append(place)
    return [
        (topic, len(places), sum(it.end - it.beginning for it in places), sum(it.behind for it in places))
        for topic, places in topics.items()
    ]


def _matches_of(it: CompetitionView) -> int:
    return 0 if it.board is None else it.board.matches


def _loss_chart(it: CompetitionView) -> dict[str, Chart]:
    """The champion's rolling log loss beside those of the base rate and of the market."""
    best = present.champion_standing(it.board)
    shown = {present.REFERENCE, MARKET} | ({best.model} if best else set())
    points = it.losses.points()
    models = [model for model in _models(points) if best is None or model in shown]
    lines = {model: [point.losses.get(model) for point in points] for model in models}
    return {f"loss-{it.slug}": Chart([point.at for point in points], lines)}


def _gain_chart(it: CompetitionView) -> dict[str, Chart]:
    """Every model's rolling gain over the base rate."""
    points = [point for point in it.losses.points() if point.losses.get(present.REFERENCE, 0.0) > 0.0]
    lines = {
        model: [
            None if model not in point.losses else 1.0 - point.losses[model] / point.losses[present.REFERENCE]
            for point in points
        ]
        for model in _models(points)
    }
    return {f"gain-{it.slug}": Chart([point.at for point in points], lines)}


def _models(points: Sequence[Point]) -> list[str]:
    return sorted({model for point in points for model in point.losses})
