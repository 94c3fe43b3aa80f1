from __future__ import annotations

import pickle
import random
from datetime import UTC, datetime, timedelta

import pytest

from stream_app.analytics import CompetitionAnalytics, Foretold, Played
from stream_app.analytics.competition import INPUTS, MOST_TEAMS, SHOWN_TEAMS
from stream_app.contracts import encode
from stream_app.events import GoalRates, Probabilities

START = datetime(2024, 8, 1, tzinfo=UTC)
SAID = Foretold(Probabilities(0.5, 0.3, 0.2), GoalRates(0.3, 0.0, 0.0, 0.0, -0.03))


def played(number: int, home: str = "A", away: str = "B", score: tuple[int, int] = (1, 0)) -> Played:
    return Played(f"m{number}", START + timedelta(days=number), home, away, *score)


def pair(rng: random.Random, teams: list[str]) -> tuple[str, str]:
    home, away = rng.sample(teams, 2)
    return home, away


def of(analytics: CompetitionAnalytics, team: str) -> dict[str, tuple[int, float]]:
    """Length and chance of the current streaks of a team."""
    told = next(one for one in analytics.figures("c", {}).teams if one.team == team)
    return {streak.kind: (streak.current, streak.current_chance) for streak in told.streaks}


def test_a_match_is_seen_from_both_sides() -> None:
    analytics = CompetitionAnalytics()
    analytics.learn(played(1), SAID, virtual=False)
    home, away = of(analytics, "A"), of(analytics, "B")
    assert [kind for kind, (run, _) in home.items() if run] == ["winning", "unbeaten", "scoring", "clean_sheet"]
    assert [kind for kind, (run, _) in away.items() if run] == ["losing"]
    assert home["winning"][1] == pytest.approx(0.5, rel=0.01)
    assert home["unbeaten"][1] == pytest.approx(0.8, rel=0.01)
    assert away["losing"][1] == pytest.approx(0.5, rel=0.01)
    # A Poisson rate of e^0.3 scores with 1 - exp(-e^0.3); one of e^0 fails to with exp(-1).
    assert home["scoring"][1] == pytest.approx(0.7407, rel=0.01)
    assert home["clean_sheet"][1] == pytest.approx(0.3679, rel=0.01)


def test_figures_tell_of_the_last_match_that_was_learned() -> None:
    analytics = CompetitionAnalytics()
    assert analytics.figures("c", {}).as_of is None
    analytics.learn(played(5), None, virtual=False)
    analytics.learn(played(2), None, virtual=False)
    told = analytics.figures("c", {"B": 12.5})
    assert (told.competition, told.as_of, told.matches) == ("c", START + timedelta(days=5), 2)
    assert [(team.team, team.rating, team.matches) for team in told.teams] == [("B", 12.5, 2), ("A", 0.0, 2)]
    assert told.transitions.counts[0][0] == 1
    assert told.randomness.n == 0


def test_models_are_told_runs_and_what_followed_the_last_outcome() -> None:
    analytics = CompetitionAnalytics()
    assert set(analytics.inputs("A", "B")) == set(INPUTS) - {"transition_H", "transition_D", "transition_A"}
    analytics.learn(played(1), None, virtual=False)
    analytics.learn(played(2), None, virtual=False)
    x = analytics.inputs("A", "B")
    assert tuple(x) == INPUTS
    assert (x["streak_winning"], x["streak_losing"], x["streak_scoring"]) == (2.0, -2.0, 2.0)
    assert sum(x[f"transition_{outcome}"] for outcome in "HDA") == pytest.approx(1.0)
    assert analytics.inputs("A", "never seen")["streak_winning"] == 2.0


def test_a_very_long_run_is_told_to_models_as_a_long_one() -> None:
    analytics = CompetitionAnalytics()
    for number in range(60):
        analytics.learn(played(number), None, virtual=False)
    assert analytics.inputs("A", "B")["streak_unbeaten"] == 20.0
    assert analytics.inputs("B", "A")["streak_unbeaten"] == -20.0


def test_scores_are_tested_only_where_a_program_draws_them() -> None:
    names = []
    for virtual in (False, True):
        analytics = CompetitionAnalytics()
        analytics.learn(played(1), SAID, virtual=virtual)
        names.append("scores" in [test.name for test in analytics.figures("c", {}).randomness.tests])
    assert names == [False, True]


def test_teams_are_remembered_and_shown_as_they_last_played() -> None:
    analytics = CompetitionAnalytics()
    for number in range(MOST_TEAMS + 10):
        analytics.learn(played(number, f"Team {number}", "Host"), None, virtual=False)
    assert len(analytics.teams) == MOST_TEAMS
    assert "Host" in analytics.teams
    shown = analytics.figures("c", {}).teams
    assert len(shown) == SHOWN_TEAMS
    assert {"Host", f"Team {MOST_TEAMS + 9}"} <= {team.team for team in shown}


def test_the_same_matches_give_the_same_figures_also_after_a_pause_in_between() -> None:
    rng = random.Random(4)
    teams = [f"Team {team}" for team in range(8)]
    matches = [played(number, *pair(rng, teams), (rng.randrange(4), rng.randrange(3))) for number in range(300)]
    one, other = CompetitionAnalytics(), CompetitionAnalytics()
    for match in matches:
        one.learn(match, SAID, virtual=True)
        other.learn(match, SAID, virtual=True)
        if match.match_id.endswith("7"):
            other = pickle.loads(pickle.dumps(other))  # noqa: S301  bytes of this test's own
    assert encode(one.figures("c", {})) == encode(other.figures("c", {}))


def test_the_state_of_a_large_competition_stays_small() -> None:
    rng = random.Random(6)
    teams = [f"Team {team}" for team in range(20)]
    analytics = CompetitionAnalytics()
    for number in range(3_000):
        analytics.learn(played(number, *pair(rng, teams)), SAID, virtual=True)
    assert len(pickle.dumps(analytics, protocol=5)) < 24_000
