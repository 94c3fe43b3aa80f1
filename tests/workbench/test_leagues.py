import copy
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from stream_app.errors import InvalidInput
from stream_app.events import Configure, LeagueConfig
from stream_app.feeds.backtest import Fold
from stream_app.feeds.schedule import schedule
from stream_app.league import League
from stream_app.league.digest import digest
from stream_app.workbench.leagues import Pairing, SavedLeagues, ask_league, live_features
from tests.support.matches import played

NAME = "Test/League"


@pytest.fixture(scope="module")
def learned() -> League:
    """A league that has seen sixty matches of six teams."""
    fold = Fold(lambda competition: LeagueConfig(models=("match_model_v1", "base_rate")))
    assert len(list(fold.evaluations(schedule(played(NAME, 60))))) == 60
    return fold.leagues[NAME]


def test_a_saved_league_is_the_same_to_the_last_bit(learned: League, tmp_path: Path) -> None:
    files = SavedLeagues(tmp_path / "leagues", b"key")
    files.save(learned)
    assert digest(files.load(NAME)) == digest(learned)
    assert files.names() == [NAME]


def test_competitions_whose_names_are_alike_have_files_of_their_own(tmp_path: Path) -> None:
    files = SavedLeagues(tmp_path, b"key")
    assert len({files.path(name) for name in ("a/b", "a b", "A-B", "..", "/")}) == 5
    assert all(files.path(name).parent == tmp_path for name in ("a/b", "..", "/"))


def test_a_league_that_cannot_be_used_is_refused_and_not_listed(learned: League, tmp_path: Path) -> None:
    files, others = SavedLeagues(tmp_path, b"key"), SavedLeagues(tmp_path, b"another")
    path = files.save(learned)
    with pytest.raises(InvalidInput, match="signed with another key; run the back-test with --save again"):
        others.load(NAME)
    assert others.names() == []
    files.path("other").write_bytes(path.read_bytes())
    with pytest.raises(InvalidInput, match="holds something else; wanted the league of 'other'"):
        files.load("other")
    with pytest.raises(InvalidInput, match=r"--competition 'nowhere': nothing saved of it \(saved: .*Test/League"):
        files.load("nowhere")


def test_a_match_is_foretold_as_it_would_be_just_after_the_last_event(learned: League) -> None:
    before = digest(learned)
    said = ask_league(copy.deepcopy(learned), Pairing("Team 0", "Team 5"), None)
    assert learned.fixtures.latest is not None
    assert said.kickoff > learned.fixtures.latest
    assert said.season == learned.ratings.calendar.label
    assert said.match_id == f"{NAME}:{said.kickoff:%Y%m%d}:team-0:team-5"
    assert said.models[0].probabilities.H > said.models[0].probabilities.A
    assert digest(learned) == before


def test_a_stronger_side_is_better_at_home_than_away_or_on_neutral_ground(learned: League) -> None:
    def wins(pairing: Pairing) -> float:
        said = ask_league(copy.deepcopy(learned), pairing, "m").models[0].probabilities
        return said.H if pairing.home == "Team 0" else said.A

    at_home, neutral = Pairing("Team 0", "Team 3"), Pairing("Team 0", "Team 3", neutral=True)
    assert wins(at_home) > wins(neutral) > wins(Pairing("Team 3", "Team 0"))


def test_odds_among_the_features_are_heard(learned: League) -> None:
    odds = {"odds_home": 9.0, "odds_draw": 5.0, "odds_away": 1.4}
    without, with_odds = (
        ask_league(copy.deepcopy(learned), Pairing("Team 0", "Team 3", features=given), "m").models[0].probabilities.H
        for given in (None, odds)
    )
    assert with_odds < without - 0.1


def test_unknown_teams_are_refused_with_those_that_are_alike(learned: League) -> None:
    with pytest.raises(InvalidInput, match=r"--away 'Taem 3': unknown in 'Test/League'; wanted .*'Team 3'"):
        ask_league(copy.deepcopy(learned), Pairing("Team 0", "Taem 3"), None)
    said = ask_league(copy.deepcopy(learned), Pairing("Team 0", "Newcomers"), None, new_teams=True)
    assert said.away == "Newcomers"


def test_a_team_against_itself_and_a_league_that_knows_nothing_are_refused(learned: League) -> None:
    with pytest.raises(InvalidInput, match="--home and --away are both 'Team 0'"):
        ask_league(copy.deepcopy(learned), Pairing("Team 0", "Team 0"), None)
    empty = League("empty")
    empty.configure(Configure("empty", LeagueConfig()))
    with pytest.raises(InvalidInput, match="has seen no match"):
        ask_league(empty, Pairing("a", "b"), None)


def test_a_kickoff_long_before_all_that_is_remembered_is_refused(learned: League) -> None:
    past = Pairing("Team 0", "Team 1", kickoff=datetime(1990, 1, 1, tzinfo=UTC))
    with pytest.raises(InvalidInput, match=r"--kickoff 1990-01-01.*: too long before"):
        ask_league(copy.deepcopy(learned), past, None)


@pytest.mark.parametrize(
    ("now", "season"),
    [(datetime(2026, 6, 30, 22, 0, tzinfo=UTC), "2025-26"), (datetime(2026, 7, 1, tzinfo=UTC), "2026-27")],
)
def test_a_match_for_the_service_kicks_off_in_an_hour_in_the_season_of_the_year(now: datetime, season: str) -> None:
    features = live_features("E0", Pairing("A", "B"), None, now)
    assert (features.as_of, features.kickoff, features.season) == (now, now + timedelta(hours=1), season)


def test_the_service_is_not_asked_about_the_past() -> None:
    now = datetime(2026, 11, 25, tzinfo=UTC)
    with pytest.raises(InvalidInput, match="has passed; wanted a time to come"):
        live_features("E0", Pairing("A", "B", kickoff=now - timedelta(minutes=1)), None, now)
