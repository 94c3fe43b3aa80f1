"""Matches of national teams from the CSV file of international results that many sites pass on.

Its columns are date, home_team, away_team, home_score, away_score, tournament, city, country and neutral. A row without
a score is a match that is yet to come.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Literal

from stream_app.feeds.aliases import Aliases
from stream_app.feeds.datasets import Fixture, PlayedMatch, slug
from stream_app.feeds.importing import Imported, Refuse, Row, fatal, gather, rows, some_played

COMPETITION = "internationals"
"""All national teams are one competition, friendlies included: few of them would meet often enough in any other."""

DATE, HOME, AWAY = ("date",), ("home_team",), ("away_team",)
HOME_SCORE, AWAY_SCORE = ("home_score",), ("away_score",)
TOURNAMENT, NEUTRAL = ("tournament",), ("neutral",)

FRIENDLY = "friendly"
KICKOFF = time(15, tzinfo=UTC)
"""The file has no times. All matches of a day are predicted before one is learned."""

MISSING = ("", "NA")


def load(paths: Sequence[Path], *, refuse: Refuse = fatal, aliases: Aliases | None = None) -> list[PlayedMatch]:
    """Every played match of the files `paths`, by date; what `read` says holds here.

    Raises
    ------
    InvalidInput
        As `read`; also when there is no played match.
    """
    return some_played(read(paths, refuse=refuse, aliases=aliases), paths)


def read(paths: Sequence[Path], *, refuse: Refuse = fatal, aliases: Aliases | None = None) -> list[Imported]:
    """Every match of the files `paths`, by date. Seasons are years.

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
    wanted = (DATE, HOME, AWAY, HOME_SCORE, AWAY_SCORE, TOURNAMENT, NEUTRAL)
    return gather(rows(paths, wanted), lambda row: _match(row, known_as), refuse)


def _match(row: Row, aliases: Aliases) -> Imported:
    home, away = aliases.of(row.name(HOME)), aliases.of(row.name(AWAY))
    if home == away:
        raise row.wrong(AWAY, f"another team than the home side, {home!r}")
    kickoff = _kickoff(row)
    importance: Literal["friendly", "competitive"] = (
        "friendly" if row.name(TOURNAMENT).casefold() == FRIENDLY else "competitive"
    )
    fixture = Fixture(
        match_id=f"{COMPETITION}:{kickoff:%Y%m%d}:{slug(home)}:{slug(away)}",
        competition=COMPETITION,
        season=f"{kickoff:%Y}",
        kickoff=kickoff,
        home=home,
        away=away,
        neutral=_neutral(row),
        importance=importance,
    )
    if row.text(HOME_SCORE) in MISSING and row.text(AWAY_SCORE) in MISSING:
        return fixture
    return fixture.ended(row.goals(HOME_SCORE), row.goals(AWAY_SCORE))


def _kickoff(row: Row) -> datetime:
    try:
        day = date.fromisoformat(row.text(DATE))
    except ValueError:
        raise row.wrong(DATE, "a day such as 1872-11-30") from None
    return datetime.combine(day, KICKOFF)


def _neutral(row: Row) -> bool:
    text = row.text(NEUTRAL).upper()
    if text not in ("TRUE", "FALSE"):
        raise row.wrong(NEUTRAL, "TRUE or FALSE")
    return text == "TRUE"
