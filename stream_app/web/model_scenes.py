"""What the pages about models show: regions and charts, as `scenes` puts them into frames."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from stream_app.events import Comparison
from stream_app.web.competition import CompetitionView
from stream_app.web.frame import Chart
from stream_app.web.recent import slug
from stream_app.web.rows import RowMaker, Rows
from stream_app.web.trials import TrialLine

EVENTS_SHOWN = 60
VERSIONS_SHOWN = 60

WIDEST = 5.0
"""Bounds are drawn from where they are this many times as wide as now."""

THRESHOLD = "no difference"
"""Name of the line that a bound has to cross to be proof."""


def lineups(rows: RowMaker, competitions: Sequence[CompetitionView], together: Sequence[Comparison]) -> dict[str, Rows]:
    """The champions of all competitions, what all of them together show, and what happened last anywhere."""
    events = [(it, event) for it in competitions for event in islice(it.lineup.events.newest_first(), EVENTS_SHOWN)]
    events.sort(key=lambda pair: pair[1].at, reverse=True)
    return {
        "lineups": rows.of(
            "lineup_row",
            ((f"lineup-{it.slug}", it, it.lineup.registry) for it in competitions if it.lineup.registry is not None),
        )
        or rows.none(
            "lineups-none", "No competition has a registry yet. It comes with a competition's first match.", 5
        ),
        "together": _compared(rows, together),
        "history": rows.of("happening", ((f"h-{event.event_id}", event) for _, event in events[:EVENTS_SHOWN]))
        or rows.none("history-none", "Nothing has happened yet.", 4),
    }


def models(
    rows: RowMaker, it: CompetitionView, together: Sequence[Comparison], command: str | None
) -> tuple[dict[str, Rows], dict[str, Chart]]:
    """The models of one competition; with `command`, also what became of that command.

    `together` is what all competitions show of every pair; that of the pairs of this one is shown with its own.
    """
    lineup = it.lineup
    registry = lineup.registry
    running = lineup.running()
    standings = {(line.model, line.version): line for line in (it.board.models if it.board else ())}
    trials = lineup.trials()
    regions = {
        "fate": {"fate-line": rows.row("fate", "fate-line", command, lineup.outcome_of(command))} if command else {},
        "reign": {"reign-line": rows.row("reign", "reign-line", it, registry)},
        "proposals": rows.of(
            "proposal",
            ((f"proposal-{line.proposal_id}", it, line) for line in (registry.proposals if registry else ())),
        ),
        "versions": rows.of(
            "version",
            (
                (_identity("version", line.model, line.version), it, line, standings.get((line.model, line.version)))
                for line in running
            ),
        )
        or rows.none("versions-none", "No model is registered yet.", 6),
        "comparisons": _compared(rows, [*(registry.comparisons if registry else ()), *lineup.pairs_of(together)])
        or rows.none("comparisons-none", "No challenger has been compared with the champion yet.", 6),
        "trials": rows.of("trial", ((f"figure-{_chart_of(it, line)}", _chart_of(it, line), line) for line in trials)),
        "reliability": rows.of(
            "reliability",
            (
                (_identity("reliability", line.model, line.version), line, calibration)
                for line in running
                if (calibration := lineup.calibration(line.model, line.version)) is not None
            ),
        ),
        "lineage": rows.of(
            "lineage",
            (
                (_identity("lineage", line.model, line.version), line)
                for line in islice(reversed(registry.versions if registry else ()), VERSIONS_SHOWN)
            ),
        )
        or rows.none("lineage-none", "No model is registered yet.", 6),
        "history": rows.of(
            "happening",
            ((f"h-{event.event_id}", event) for event in islice(lineup.events.newest_first(), EVENTS_SHOWN)),
        )
        or rows.none("history-none", "Nothing has happened yet.", 4),
    }
    return regions, {_chart_of(it, line): _trial_chart(line) for line in trials}


def _compared(rows: RowMaker, comparisons: Sequence[Comparison]) -> Rows:
    return rows.of(
        "comparison",
        (
            (
                _identity(f"comparison-{line.scope}-{slug(line.champion)}", line.challenger, line.challenger_version),
                line,
            )
            for line in comparisons
        ),
    )


def _identity(kind: str, model: str, version: int) -> str:
    return f"{kind}-{slug(model)}-{version}"


def _chart_of(it: CompetitionView, line: TrialLine) -> str:
    versions = f"{line.challenger_version}-{slug(line.champion)}-{line.champion_version}"
    return f"trial-{it.slug}-{slug(line.challenger)}-{versions}"


def _trial_chart(line: TrialLine) -> Chart:
    # The first bounds are so wide that they would set the scale of the whole chart.
    points = line.points()
    widest = WIDEST * (points[-1].upper - points[-1].lower)
    points = [point for point in points if point.upper - point.lower <= widest]
    return Chart(
        [float(point.matches) for point in points],
        {
            "lower bound": [point.lower for point in points],
            "difference": [point.mean for point in points],
            "upper bound": [point.upper for point in points],
            THRESHOLD: [0.0] * len(points),
        },
    )
