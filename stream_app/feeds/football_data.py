"""Played matches from CSV files in the columns of football-data.co.uk, bookmakers' odds included.

One file may hold a season or many, of one division or several; files with two- and four-digit years, with and without
kickoff times, in UTF-8 and Latin-1 are all read. The columns are described in that site's `notes.txt`.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from stream_app.errors import InvalidInput
from stream_app.feeds.datasets import PlayedMatch, slug

# What the main leagues' files call a column, then what those of the extra leagues do.
DIVISION = ("Div", "League")
HOME, AWAY = ("HomeTeam", "Home", "HT"), ("AwayTeam", "Away", "AT")
HOME_GOALS, AWAY_GOALS = ("FTHG", "HG"), ("FTAG", "AG")

ODDS: Mapping[str, tuple[str, ...]] = {
    **{f"Avg{side}": (f"Avg{side}", f"BbAv{side}") for side in "HDA"},
    **{f"B365{side}": (f"B365{side}",) for side in "HDA"},
}
"""Odds that were known before the match, by the name of the feature that they become: the market's average (which older
files name after the site that computed it) and one bookmaker's. Closing odds are left out: at the time of a forecast
nobody knows them."""

ZONE = ZoneInfo("Europe/London")
"""The files give dates and times as they are in London, whatever the country."""

UNKNOWN_TIME = "15:00"
"""Kickoff of a match whose file has no times. All matches of such a day are predicted before one is learned."""

SUMMER_BREAK = timedelta(days=20)
SEASONS_BEGIN = (7, 8, 9)
"""Where no column names the season, one begins with the first match after a break of this length in these months."""


@dataclass(frozen=True, slots=True)
class _Line:
    """One line of a file, and where it is."""

    file: Path
    number: int
    fields: Mapping[str, str]

    def text(self, names: tuple[str, ...]) -> str:
        """The first of the fields `names` that is there, "" if none is."""
        return next((self.fields[name] for name in names if self.fields.get(name)), "")

    def wrong(self, names: tuple[str, ...], wanted: str) -> InvalidInput:
        return InvalidInput(f"{self.file}:{self.number}: {names[0]} {self.text(names)!r}: wanted {wanted}")


def load(paths: Sequence[Path]) -> list[PlayedMatch]:
    """Every played match of the files `paths`, by kickoff. Of a folder all its `.csv` files are read, those below too.

    The competition is the division's code, such as `E0`. A match that stands in several files counts once.

    Raises
    ------
    InvalidInput
        A file cannot be read, or a line of it is wrong; the text names file, line, field and value.
    """
    matches: dict[str, PlayedMatch] = {}
    for line in _lines(paths):
        match = _match(line)
        if match is not None:
            known = matches.setdefault(match.match_id, match)
            if (known.home_goals, known.away_goals) != (match.home_goals, match.away_goals):
                raise InvalidInput(
                    f"{line.file}:{line.number}: {match.home} - {match.away} ended {match.home_goals}-"
                    f"{match.away_goals}: wanted {known.home_goals}-{known.away_goals}, as it stood before"
                )
    if not matches:
        raise InvalidInput(f"{', '.join(map(str, paths))}: no played match in it; wanted files with one a line")
    return _with_seasons(sorted(matches.values(), key=lambda match: match.kickoff))


def _lines(paths: Iterable[Path]) -> Iterator[_Line]:
    for path in paths:
        for file in sorted(path.rglob("*.csv")) if path.is_dir() else [path]:
            try:
                content = file.read_bytes()
            except OSError as error:
                raise InvalidInput(f"file {file}: {error.strerror}; wanted a CSV file or a folder of them") from None
            reader = csv.reader(io.StringIO(_decoded(content)))
            try:
                header = [name.strip() for name in next(reader, [])]
                for row in reader:
                    # The files end in lines and columns that are empty.
                    if any(cell.strip() for cell in row):
                        named = zip(header, (cell.strip() for cell in row), strict=False)
                        yield _Line(file, reader.line_num, {name: cell for name, cell in named if name})
            except csv.Error as error:
                raise InvalidInput(f"{file}:{reader.line_num}: {error}; wanted a CSV file") from None


def _decoded(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def _match(line: _Line) -> PlayedMatch | None:
    """The match of a line; None when it has not been played."""
    if not line.text(HOME_GOALS) and not line.text(AWAY_GOALS):
        return None
    division, home, away = line.text(DIVISION), line.text(HOME), line.text(AWAY)
    for names, value in ((DIVISION, division), (HOME, home), (AWAY, away)):
        if not value:
            raise line.wrong(names, "a name")
    kickoff = _kickoff(line)
    return PlayedMatch(
        match_id=f"{division}:{kickoff:%Y%m%d}:{slug(home)}:{slug(away)}",
        competition=division,
        season=line.text(("Season",)),
        kickoff=kickoff,
        home=home,
        away=away,
        home_goals=_goals(line, HOME_GOALS),
        away_goals=_goals(line, AWAY_GOALS),
        features=_odds(line) or None,
    )


def _kickoff(line: _Line) -> datetime:
    day, time = line.text(("Date",)), line.text(("Time",)) or UNKNOWN_TIME
    year = "%y" if len(day.rpartition("/")[2]) == 2 else "%Y"
    try:
        midnight = datetime.strptime(day, f"%d/%m/{year}").replace(tzinfo=ZONE)
    except ValueError:
        raise line.wrong(("Date",), "a day such as 31/12/2024") from None
    try:
        clock = datetime.strptime(time, "%H:%M").replace(tzinfo=ZONE)
    except ValueError:
        raise line.wrong(("Time",), f"a time such as {UNKNOWN_TIME}") from None
    return midnight.replace(hour=clock.hour, minute=clock.minute).astimezone(UTC)


def _goals(line: _Line, names: tuple[str, ...]) -> int:
    text = line.text(names)
    # A column with a blank in it is written as numbers with a point by some programs.
    whole = text.removesuffix(".0")
    if not (whole.isascii() and whole.isdigit()):
        raise line.wrong(names, "a number of goals")
    return int(whole)


def _odds(line: _Line) -> dict[str, float]:
    """The odds of a line. A bookmaker's three odds count together: if one is missing or no odds, none is there."""
    found: dict[str, float] = {}
    for name, columns in ODDS.items():
        try:
            odds = float(line.text(columns))
        except ValueError:
            continue
        if 1.0 < odds < float("inf"):
            found[name] = odds
    complete = {name[:-1] for name in found if all(f"{name[:-1]}{side}" in found for side in "HDA")}
    return {name: odds for name, odds in found.items() if name[:-1] in complete}


def _with_seasons(matches: list[PlayedMatch]) -> list[PlayedMatch]:
    """`matches`, which are in order, with the names of those seasons that no column named."""
    last: dict[str, PlayedMatch] = {}
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
