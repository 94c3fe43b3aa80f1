"""Matches from CSV files in the columns of football-data.co.uk, bookmakers' odds included.

One file may hold a season or many, of one division or several; files with two- and four-digit years, with and without
kickoff times, in UTF-8 and Latin-1 are all read. The columns are described in that site's `notes.txt`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from stream_app.feeds.aliases import Aliases
from stream_app.feeds.datasets import Fixture, PlayedMatch, slug
from stream_app.feeds.importing import Imported, Refuse, Row, fatal, gather, rows, some_played
from stream_app.feeds.schedule import FEATURES_BEFORE_KICKOFF, RESULT_AFTER_KICKOFF

# What the main leagues' files call a column, then what those of the extra leagues do.
DIVISION, DATE = ("Div", "League"), ("Date",)
HOME, AWAY = ("HomeTeam", "Home", "HT"), ("AwayTeam", "Away", "AT")
HOME_GOALS, AWAY_GOALS = ("FTHG", "HG"), ("FTAG", "AG")

ODDS: Mapping[str, tuple[str, ...]] = {
    **{f"Avg{side}": (f"Avg{side}", f"BbAv{side}") for side in "HDA"},
    **{f"B365{side}": (f"B365{side}",) for side in "HDA"},
}
"""Odds that were known before the match, by the name of the feature that they become: the market's average (which older
files name after the site that computed it) and one bookmaker's. Closing odds are left out: at the time of a forecast
nobody knows them."""

SHOTS: Mapping[str, tuple[str, str]] = {"shots": ("HS", "AS"), "shots_on_target": ("HST", "AST")}
"""Counts of a match, by name: the columns of the home and of the away side. Nobody knows them before its end, so a
match carries what its sides did in their last matches: `home_shots` is the mean of the home side's."""

FORM_MATCHES = 5
"""Matches of a side over which its shots are averaged."""

ZONE = ZoneInfo("Europe/London")
"""The files give dates and times as they are in London, whatever the country."""

UNKNOWN_TIME = "15:00"
"""Kickoff of a match whose file has no times. All matches of such a day are predicted before one is learned."""

SUMMER_BREAK = timedelta(days=20)
SEASONS_BEGIN = (7, 8, 9)
"""Where no column names the season, one begins with the first match after a break of this length in these months."""


def load(paths: Sequence[Path], *, refuse: Refuse = fatal, aliases: Aliases | None = None) -> list[PlayedMatch]:
    """Every played match of the files `paths`, by kickoff; what `read` says holds here.

    Raises
    ------
    InvalidInput
        As `read`; also when there is no played match.
    """
    return some_played(read(paths, refuse=refuse, aliases=aliases), paths)


def read(paths: Sequence[Path], *, refuse: Refuse = fatal, aliases: Aliases | None = None) -> list[Imported]:
    """Every match of the files `paths`, by kickoff. Of a folder all its `.csv` files are read, those below too.

    The competition is the division's code, such as `E0`. A match that stands in several files counts once. A row
    without goals is a match that is yet to come.

    Parameters
    ----------
    refuse
        Told of every bad row, with file, line, field and reason. By default the first one is raised.
    aliases
        The names that teams shall have; as they stand when None.

    Raises
    ------
    InvalidInput
        A file cannot be read or lacks a column.
    """
    known_as = aliases or Aliases()
    shots: dict[str, _Shots] = {}

    def match_of(row: Row) -> Imported:
        match = _match(row, known_as)
        shots[match.match_id] = _shots(row)
        return match

    found = gather(rows(paths, (DIVISION, DATE, HOME, AWAY, HOME_GOALS, AWAY_GOALS)), match_of, refuse)
    return _with_form(_with_seasons(found), shots)


def _match(row: Row, aliases: Aliases) -> Imported:
    division = row.name(DIVISION)
    home, away = aliases.of(row.name(HOME)), aliases.of(row.name(AWAY))
    if home == away:
        raise row.wrong(AWAY, f"another team than the home side, {home!r}")
    kickoff = _kickoff(row)
    fixture = Fixture(
        match_id=f"{division}:{kickoff:%Y%m%d}:{slug(home)}:{slug(away)}",
        competition=division,
        season=row.text(("Season",)),
        kickoff=kickoff,
        home=home,
        away=away,
        features=_odds(row) or None,
    )
    if not row.text(HOME_GOALS) and not row.text(AWAY_GOALS):
        return fixture
    return fixture.ended(row.goals(HOME_GOALS), row.goals(AWAY_GOALS))


def _kickoff(row: Row) -> datetime:
    day, time = row.text(DATE), row.text(("Time",)) or UNKNOWN_TIME
    year = "%y" if len(day.rpartition("/")[2]) == 2 else "%Y"
    try:
        midnight = datetime.strptime(day, f"%d/%m/{year}").replace(tzinfo=ZONE)
    except ValueError:
        raise row.wrong(DATE, "a day such as 31/12/2024") from None
    try:
        clock = datetime.strptime(time, "%H:%M").replace(tzinfo=ZONE)
    except ValueError:
        raise row.wrong(("Time",), f"a time such as {UNKNOWN_TIME}") from None
    return midnight.replace(hour=clock.hour, minute=clock.minute).astimezone(UTC)


def _odds(row: Row) -> dict[str, float]:
    """The odds of a row. A bookmaker's three odds count together: if one is missing or no odds, none is there."""
    given = {name: row.number(columns) for name, columns in ODDS.items()}
    found = {name: odds for name, odds in given.items() if odds is not None and odds > 1.0}
    complete = {name[:-1] for name in found if all(f"{name[:-1]}{side}" in found for side in "HDA")}
    return {name: odds for name, odds in found.items() if name[:-1] in complete}


class _Shots(NamedTuple):
    home: dict[str, float]
    away: dict[str, float]


def _shots(row: Row) -> _Shots:
    of_side = [
        {name: count for name, columns in SHOTS.items() if (count := row.number((columns[side],))) is not None}
        for side in (0, 1)
    ]
    return _Shots(*of_side)


def _with_form(matches: Iterable[Imported], shots: Mapping[str, _Shots]) -> list[Imported]:
    """`matches`, which are in order, with what each side did in its last ones that were over in time."""
    last: dict[tuple[str, str], deque[tuple[datetime, dict[str, float]]]] = {}
    formed: list[Imported] = []
    for match in matches:
        form: dict[str, float] = {}
        for side, team in (("home", match.home), ("away", match.away)):
            known = [
                counts
                for kickoff, counts in last.get((match.competition, team), ())
                if kickoff + RESULT_AFTER_KICKOFF <= match.kickoff - FEATURES_BEFORE_KICKOFF
            ]
            for name in SHOTS:
                if values := [counts[name] for counts in known if name in counts]:
                    form[f"{side}_{name}"] = sum(values) / len(values)
        formed.append(replace(match, features={**(match.features or {}), **form}) if form else match)
        for team, counts in ((match.home, shots[match.match_id].home), (match.away, shots[match.match_id].away)):
            if counts and isinstance(match, PlayedMatch):
                done = last.setdefault((match.competition, team), deque(maxlen=FORM_MATCHES))
                done.append((match.kickoff, counts))
    return formed


def _with_seasons(matches: Iterable[Imported]) -> list[Imported]:
    """`matches`, which are in order, with the names of those seasons that no column named."""
    last: dict[str, Imported] = {}
    named = []
    for match in matches:
        before = last.get(match.competition)
        if not match.season:
            begins = before is None or (
                match.kickoff - before.kickoff >= SUMMER_BREAK and match.kickoff.month in SEASONS_BEGIN
            )
            match = replace(match, season=_season(match.kickoff) if before is None or begins else before.season)
        last[match.competition] = match
        named.append(match)
    return named


def _season(first: datetime) -> str:
    """The season that a first match of that day begins; a file may set in after the winter break."""
    year = first.year if first.month >= SEASONS_BEGIN[0] else first.year - 1
    return f"{year}-{(year + 1) % 100:02d}"
