"""How long importers and the virtual league take: `python -m tests.bench.feeds`. The files are made for it.

One season has 380 matches in the 106 columns of a football-data file of today; the international results have 49,000.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from stream_app.feeds import aliases, football_data, internationals
from stream_app.feeds.chaos import SOME, stir
from stream_app.feeds.virtual import Knobs, matches, pairs

SEASON_TEAMS, COLUMNS = 20, 106
NATIONS, NATIONS_MATCHES = 200, 49_000
REPEATS = 5
KNOWN = ("Div", "Date", "Time", "HomeTeam", "AwayTeam", "FTHG", "FTAG", "HS", "AS", "HST", "AST")
ODDS = ("B365H", "B365D", "B365A", "AvgH", "AvgD", "AvgA")


def main() -> None:
    """Measure and print one line each, the best of some runs."""
    with tempfile.TemporaryDirectory(prefix="stream-app-bench-") as name:
        season, nations = Path(name) / "E0.csv", Path(name) / "results.csv"
        season.write_text(season_file(), encoding="utf-8")
        nations.write_text(nations_file(), encoding="utf-8")
        show("one football-data season", lambda: football_data.read([season]))
        show("the same, with a look for names alike", lambda: aliases.near_duplicates(football_data.read([season])))
        show("the international results", lambda: internationals.read([nations]))
    show("9,600 virtual matches", lambda: matches(Knobs()))
    show("the same with chaos", lambda: stir(matches(Knobs()), SOME))


def show(what: str, work: Callable[[], Iterable[object]]) -> None:
    """Print how long `work` takes, and how much it gives."""
    best, count = float("inf"), 0
    for _ in range(REPEATS):
        begin = time.perf_counter()
        count = sum(1 for _ in work())
        best = min(best, time.perf_counter() - begin)
    print(f"{what:40} {best * 1000:8.1f} ms {count:8,} items")


def season_file() -> str:
    """A season in the columns of today."""
    others = [f"X{number}" for number in range(COLUMNS - len(KNOWN) - len(ODDS))]
    lines = [",".join((*KNOWN, *ODDS, *others))]
    for number in range(2 * (SEASON_TEAMS - 1)):
        day = datetime(2024, 8, 16, tzinfo=UTC) + timedelta(days=7 * number)
        for home, away in pairs(SEASON_TEAMS, number):
            known = ("E0", f"{day:%d/%m/%Y}", "20:00", f"Team {home}", f"Team {away}", "2", "1", "12", "9", "5", "3")
            lines.append(",".join((*known, *["2.10", "3.40", "3.60"] * 2, *["1.95"] * len(others))))
    return "\n".join(lines)


def nations_file() -> str:
    """Matches of national teams, one after the other."""
    lines = ["date,home_team,away_team,home_score,away_score,tournament,city,country,neutral"]
    for number in range(NATIONS_MATCHES):
        day = datetime(1872, 11, 30, tzinfo=UTC) + timedelta(days=number)
        home, away = number % NATIONS, (number * 7 + 1) % NATIONS
        away = (away + 1) % NATIONS if home == away else away
        lines.append(f"{day:%Y-%m-%d},Nation {home},Nation {away},1,0,Friendly,City,Country,FALSE")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
