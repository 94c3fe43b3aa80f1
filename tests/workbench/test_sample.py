import csv
import io
from datetime import UTC, datetime, timedelta

import pytest

from stream_app.errors import InvalidInput
from stream_app.feeds.datasets import PlayedMatch, bundesliga
from stream_app.workbench.sample import SAMPLE_FEATURES, rows, shipped, spread, write

START = datetime(2020, 8, 1, 15, 30, tzinfo=UTC)


def season(*scores: tuple[str, str, int, int]) -> list[PlayedMatch]:
    """Matches a day apart, in the order in which they are given."""
    return [
        PlayedMatch(f"m{day}", "league", "2020", START + timedelta(days=day), home, away, home_goals, away_goals)
        for day, (home, away, home_goals, away_goals) in enumerate(scores)
    ]


def test_the_shipped_sample_is_what_the_command_makes_of_the_bundesliga() -> None:
    text = io.StringIO()
    write(spread(list(rows(bundesliga())), 30), text)
    assert shipped().read_text(encoding="utf-8") == text.getvalue()


def test_the_numbers_of_a_match_say_what_the_matches_before_it_said() -> None:
    # A beats B at home and away by turns, four times, and loses the fifth; all against each other.
    played = season(
        ("A", "B", 1, 0), ("B", "A", 0, 1), ("A", "B", 2, 2), ("B", "A", 0, 3), ("A", "B", 0, 1), ("B", "A", 0, 0)
    )
    (row,) = rows(played)
    home_form, away_form, home_strength, away_strength, head_to_head = row.values
    assert (row.match.home, row.outcome) == ("B", "D")
    assert home_form == pytest.approx(10 * (0 + 0 + 1 + 0 + 3) / 15, abs=0.005)
    assert away_form == pytest.approx(10 * (3 + 3 + 1 + 3 + 0) / 15, abs=0.005)
    assert head_to_head == (0 + 0 + 0.5 + 0 + 1) / 5
    assert home_strength < 5.0 < away_strength
    assert home_strength + away_strength == pytest.approx(10.0, abs=0.011)


def test_matches_at_the_same_time_know_nothing_of_each_other() -> None:
    before = [("A", "B", 1, 0), ("C", "D", 1, 0), ("B", "A", 1, 0), ("D", "C", 1, 0)] * 2 + [("A", "C", 1, 1)]
    before += [("B", "D", 1, 1)]
    played = season(*before)
    last = START + timedelta(days=30)
    now = [
        PlayedMatch(f"x{n}", "league", "2020", last, h, a, 9 * n, 0)
        for n, (h, a) in enumerate([("A", "B"), ("B", "A")])
    ]
    together = {row.match_id: row.values for row in rows([*played, *now])}
    alone = {row.match_id: row.values for one in now for row in rows([*played, one])}
    assert {name: together[name] for name in ("x0", "x1")} == {name: alone[name] for name in ("x0", "x1")}


def test_competitions_do_not_hear_of_each_other() -> None:
    one = season(*[("A", "B", 1, 0)] * 7)
    other = [
        PlayedMatch(f"o{day}", "other", "2020", START + timedelta(days=day, hours=5), "A", "B", 0, 5)
        for day in range(7)
    ]
    alone = {row.match_id: row.values for row in rows(one)}
    mixed = {row.match_id: row.values for row in rows([*one, *other]) if row.competition == "league"}
    assert alone == mixed


def test_a_spread_reaches_over_all_rows_and_is_refused_when_there_are_not_so_many() -> None:
    found = list(rows(season(*[("A", "B", 1, 0), ("B", "A", 1, 0)] * 10)))
    assert spread(found, len(found)) == found
    assert spread(found, 3)[-1] is found[-1]
    with pytest.raises(InvalidInput, match=rf"--rows 99: wanted 1 to {len(found)}"):
        spread(found, 99)


def test_the_file_names_the_five_numbers_in_their_order() -> None:
    header = next(csv.reader(io.StringIO(shipped().read_text(encoding="utf-8"))))
    assert tuple(header[6:-1]) == SAMPLE_FEATURES
    assert header[-1] == "outcome"
