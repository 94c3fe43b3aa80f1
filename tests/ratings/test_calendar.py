from copy import deepcopy
from datetime import UTC, datetime, timedelta

from stream_app.ratings.calendar import Calendar
from stream_app.ratings.contract import Entry, Match

START = datetime(2001, 8, 18, 13, 30, tzinfo=UTC)


def match(days: float, season: str, home: str = "A", away: str = "B") -> Match:
    return Match(season, START + timedelta(days=days), home, away)


def begun(kind: str = "league") -> Calendar:
    calendar = Calendar("national" if kind == "national" else "league")
    calendar.advance(match(0, "1"))
    return calendar


def test_the_first_match_stands_at_the_beginning_of_time() -> None:
    moment = Calendar("league").moment(match(0, "1"))
    assert (moment.clock, moment.season, moment.home, moment.away) == (0.0, 0, Entry.NEW, Entry.NEW)


def test_a_long_break_counts_for_sixty_days() -> None:
    calendar = begun("national")
    assert calendar.moment(match(10, "1")).clock == 10.0
    assert calendar.moment(match(400, "1")).clock == 60.0


def test_a_new_season_begins_with_a_new_label_or_after_a_long_gap() -> None:
    calendar = begun()
    assert calendar.moment(match(45, "1")).season == 0
    assert calendar.moment(match(45.1, "1")).season == 1
    assert calendar.moment(match(7, "2")).season == 1


def test_looking_at_a_match_does_not_move_the_calendar() -> None:
    calendar = begun()
    before = deepcopy(vars(calendar))
    calendar.moment(match(100, "2", "C", "D"))
    assert vars(calendar) == before


def test_a_match_put_off_into_the_new_season_belongs_to_the_old_one() -> None:
    calendar = begun()
    calendar.advance(match(80, "2"))
    assert calendar.moment(match(81, "1")).season == 0
    calendar.advance(match(81, "1"))
    assert calendar.moment(match(82, "2")).season == 1


def test_a_team_returns_once_and_is_settled_then() -> None:
    calendar = begun()
    assert calendar.moment(match(80, "2")).home is Entry.RETURNING
    calendar.advance(match(80, "2"))
    assert calendar.moment(match(87, "2")).home is Entry.SETTLED


def test_a_team_that_was_absent_last_season_is_promoted_even_if_it_was_there_before() -> None:
    calendar = begun()
    calendar.advance(match(80, "2", "A", "C"))
    moment = calendar.moment(match(440, "3", "B", "C"))
    assert (moment.home, moment.away) == (Entry.PROMOTED, Entry.RETURNING)


def test_teams_that_were_absent_last_season_are_forgotten_when_the_next_one_begins() -> None:
    calendar = begun()
    assert calendar.advance(match(80, "2", "A", "C")) == []
    assert calendar.advance(match(440, "3", "A", "D")) == ["B"]


def test_a_team_that_comes_back_in_the_first_match_of_a_season_is_not_forgotten() -> None:
    calendar = begun()
    calendar.advance(match(80, "2", "A", "C"))
    assert calendar.advance(match(440, "3", "B", "A")) == []
    assert calendar.moment(match(441, "3", "B", "A")).home is Entry.SETTLED


def test_national_teams_have_no_seasons_and_are_never_forgotten() -> None:
    calendar = begun("national")
    assert calendar.advance(match(500, "2", "C", "D")) == []
    moment = calendar.moment(match(5000, "9", "A", "E"))
    assert (moment.season, moment.home, moment.away) == (0, Entry.SETTLED, Entry.NEW)


def test_a_result_that_comes_late_does_not_turn_the_clock_back() -> None:
    calendar = begun()
    calendar.advance(match(7, "1"))
    calendar.advance(match(3, "1"))
    assert calendar.clock == 7.0
    assert calendar.moment(match(14, "1")).clock == 14.0
