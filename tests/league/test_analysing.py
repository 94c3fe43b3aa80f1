from __future__ import annotations

from datetime import timedelta

from stream_app.events import Configure, Evaluation, Features, LeagueConfig, Result
from stream_app.feeds.schedule import schedule
from stream_app.league import League
from tests.support.matches import played

COLD = 5
MATCHES = 60


def league_after(*, analyse: int = MATCHES, virtual: bool = False) -> tuple[League, list[Features | Result]]:
    league = League("a")
    league.configure(Configure("a", LeagueConfig(models=("elo_softmax",), cold_matches=COLD, virtual=virtual)))
    events = list(schedule(played("a", analyse)))
    for event in events:
        if isinstance(event, Features):
            league.predict(event)
        else:
            league.learn(event)
    return league, events


def test_every_result_counts_once_and_forecasts_count_once_the_champion_is_warm() -> None:
    told = league_after()[0].analysis()
    assert (told.matches, told.transitions.n) == (MATCHES, MATCHES - 1)
    # What was foretold on the same day as the last cold match is still counted when its result comes.
    assert told.randomness.n == MATCHES - COLD
    assert {team.matches for team in told.teams} <= set(range(1, MATCHES))
    assert sum(team.matches for team in told.teams) == 2 * MATCHES


def test_teams_carry_their_elo_ratings_the_best_first() -> None:
    league, _ = league_after()
    told = league.analysis()
    assert {team.team: team.rating for team in told.teams} == {
        team: float(f"{rating:.6g}") for team, rating in league.ratings.elo.teams.items()
    }
    assert [team.rating for team in told.teams] == sorted((team.rating for team in told.teams), reverse=True)


def test_a_correction_and_a_repeated_result_change_nothing() -> None:
    league, events = league_after()
    before = league.analysis()
    last = next(event for event in reversed(events) if isinstance(event, Result))
    corrected = Result(
        last.match_id,
        last.competition,
        last.season,
        last.kickoff,
        last.finished_at + timedelta(hours=1),
        last.home,
        last.away,
        "corrected",
        8,
        8,
    )
    assert [type(output) for output in league.learn(corrected)] == [Evaluation]
    assert league.learn(last) == []
    after = league.analysis()
    assert (after.randomness, after.streaks, after.transitions) == (
        before.randomness,
        before.streaks,
        before.transitions,
    )


def test_only_a_virtual_competition_has_its_scores_tested() -> None:
    names = [
        {test.name for test in league_after(virtual=virtual)[0].analysis().randomness.tests}
        for virtual in (False, True)
    ]
    assert names[1] - names[0] == {"scores", "score pairs"}


def test_the_champions_inputs_hold_what_models_may_want_of_the_analytics() -> None:
    league, _ = league_after()
    match = next(event for event in schedule(played("a", MATCHES + 1)) if event.match_id == f"a-{MATCHES:05}")
    assert isinstance(match, Features)
    league.predict(match)
    fixture = league.fixtures.of(match.match_id)
    assert fixture is not None
    assert {"streak_winning", "streak_clean_sheet", "transition_H"} <= set(fixture.x or ())


def test_another_kind_of_competition_begins_anew() -> None:
    league, _ = league_after()
    league.configure(Configure("a", LeagueConfig(kind="national", models=("elo_softmax",))))
    assert league.analysis().matches == 0
