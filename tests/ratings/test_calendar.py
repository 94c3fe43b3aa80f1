from datetime import UTC, datetime, timedelta

from stream_app.ratings.calendar import Calendar
from stream_app.ratings.contract import Match

START = datetime(2001, 8, 18, 13, 30, tzinfo=UTC)


def match(days: float, season: str) -> Match:
    return Match(season, START + timedelta(days=days), "A", "B")


def test_the_first_match_stands_at_the_beginning_of_time() -> None:
    calendar = Calendar("league")
    assert calendar.advance(match(0, "1")).clock == 0.0
    assert calendar.season == 0


def test_a_long_break_counts_for_sixty_days() -> None:
    calendar = Calendar("national")
    calendar.advance(match(0, "1"))
    assert calendar.moment(match(10, "1")).clock == 10.0
    assert calendar.moment(match(400, "1")).clock == 60.0


def test_a_new_season_begins_with_a_new_label_or_after_a_long_gap() -> None:
    calendar = Calendar("league")
    calendar.advance(match(0, "1"))
    assert calendar.moment(match(45, "1")).season == 0
    assert calendar.moment(match(45.1, "1")).season == 1
    assert calendar.moment(match(7, "2")).season == 1


def test_looking_at_a_match_does_not_move_the_calendar() -> None:
    calendar = Calendar("league")
    calendar.advance(match(0, "1"))
    before = dict(vars(calendar))
    calendar.moment(match(100, "2"))
    assert vars(calendar) == before


def test_a_match_put_off_into_the_new_season_belongs_to_the_old_one() -> None:
    calendar = Calendar("league")
    calendar.advance(match(0, "1"))
    calendar.advance(match(80, "2"))
    assert calendar.advance(match(81, "1")).season == 0
    assert calendar.advance(match(82, "2")).season == 1
    assert calendar.advance(match(83, "2")).season == 1


def test_national_teams_have_no_seasons() -> None:
    calendar = Calendar("national")
    calendar.advance(match(0, "1"))
    assert calendar.advance(match(500, "2")).season == 0


def test_a_result_that_comes_late_does_not_turn_the_clock_back() -> None:
    calendar = Calendar("league")
    calendar.advance(match(0, "1"))
    calendar.advance(match(7, "1"))
    assert calendar.advance(match(3, "1")).clock == 7.0
    assert calendar.advance(match(14, "1")).clock == 14.0
