"""What the page of a competition shows of its teams and of its results: regions and charts, as `scenes` frames them."""

from __future__ import annotations

from itertools import islice

from stream_app.events import OUTCOMES, Transitions
from stream_app.web.competition import CompetitionView
from stream_app.web.frame import Chart
from stream_app.web.heat import heat_map
from stream_app.web.present import said
from stream_app.web.recent import slug
from stream_app.web.rows import RowMaker, Rows

TEAMS_SHOWN = 40
TEAMS_DRAWN = 5
"""Teams whose ratings are drawn: as many lines as there are colours."""

PAIRINGS_SHOWN = 12


def teams(rows: RowMaker, it: CompetitionView) -> tuple[dict[str, Rows], dict[str, Chart]]:
    """The table of teams, best rated first, and how the best ones came there."""
    held = {} if it.analytics is None else {line.team: line for line in it.analytics.teams}
    ratings = it.ratings.latest() | {team: line.rating for team, line in held.items()}
    ranked = sorted(ratings.items(), key=lambda rated: (-rated[1], rated[0]))
    table = rows.of(
        "team",
        (
            (f"team-{slug(team)}", place, team, rating, held.get(team), place <= TEAMS_DRAWN)
            for place, (team, rating) in enumerate(ranked[:TEAMS_SHOWN], start=1)
        ),
    ) or rows.none("teams-none", "No team is rated yet. Ratings come with the first predictions.", 6)
    times, lines = it.ratings.together([team for team, _ in ranked[:TEAMS_DRAWN]])
    return {"teams": table}, {f"ratings-{it.slug}": Chart(times, lines)}


def results(rows: RowMaker, it: CompetitionView) -> dict[str, Rows]:
    """What followed what, runs of outcomes, and whether chance made them."""
    analytics = it.analytics
    if analytics is None:
        return {name: {} for name in ("verdict", "randomness", "transitions", "pairings", "runs")}
    randomness = analytics.randomness
    transitions = analytics.transitions
    return {
        "verdict": {"verdict-line": rows.row("verdict", "verdict-line", randomness)},
        "randomness": rows.of(
            "randomness_test", ((f"randomness-{slug(test.name)}", test) for test in randomness.tests)
        ),
        "transitions": _transitions(rows, transitions) if transitions.n else {},
        "pairings": rows.of(
            "pairing",
            (
                (f"pairing-{slug(f'{line.home} {line.away}')}", line)
                for line in islice(analytics.pairings, PAIRINGS_SHOWN)
            ),
        ),
        "runs": rows.of("outcome_run", ((f"run-{streak.kind}", streak) for streak in analytics.streaks)),
    }


def _transitions(rows: RowMaker, transitions: Transitions) -> Rows:
    names = [said(outcome) for outcome in OUTCOMES]
    shares = [
        (f"after a{'n' if name[0] in 'aeiou' else ''} {name}", row)
        for name, row in zip(names, transitions.probabilities, strict=True)
    ]
    return {"transitions-map": rows.row("transitions", "transitions-map", heat_map(names, shares), transitions)}
