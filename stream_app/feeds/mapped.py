"""Matches from any other CSV file, by a mapping: a TOML file that says which column holds what.

competition = "eliteserien"          # or a column, below
season = "2024"                      # or a column, below
delimiter = ";"                      # "," when absent
zone = "Europe/Oslo"                 # of dates and times; UTC when absent
date_format = "%d.%m.%Y"             # as strptime has it; "%Y-%m-%d" when absent
time_format = "%H:%M"
kickoff = "18:00"                    # of rows without a time; "15:00" when absent
friendly = ["Friendly"]              # what the importance column says of friendlies
yes = ["1", "true"]                  # what the neutral column says of neutral ground

[columns]                            # date, home and away are needed
date = "Dato"
time = "Tid"
home = "Hjemmelag"
away = "Bortelag"
home_goals = "HM"
away_goals = "BM"

[features]                           # numbers that were known before kickoff, by name
odds_home = "H-odds"
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from stream_app.errors import InvalidInput
from stream_app.feeds.aliases import Aliases
from stream_app.feeds.datasets import Fixture, slug
from stream_app.feeds.importing import Imported, Refuse, Row, fatal, gather, rows

Column = Annotated[str, Field(min_length=1)]


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("wanted the name of a time zone, such as Europe/Oslo") from None
    return name


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Columns(_Strict):
    """Names of the columns. Of what is None the file says nothing."""

    date: Column
    home: Column
    away: Column
    time: Column | None = None
    home_goals: Column | None = None
    away_goals: Column | None = None
    competition: Column | None = None
    season: Column | None = None
    match_id: Column | None = None
    neutral: Column | None = None
    importance: Column | None = None


class CsvMapping(_Strict):
    """What a file's columns mean; the module's text has an example with every field."""

    columns: Columns
    competition: str | None = None
    season: str | None = None
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","
    zone: Annotated[str, AfterValidator(_zone)] = "UTC"
    date_format: str = "%Y-%m-%d"
    time_format: str = "%H:%M"
    kickoff: Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")] = "15:00"
    friendly: tuple[str, ...] = ("friendly", "Friendly")
    yes: tuple[str, ...] = ("1", "true", "True", "TRUE", "yes", "Yes")
    features: dict[str, Column] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _complete(self) -> CsvMapping:
        if not self.competition and not self.columns.competition:
            raise ValueError("wanted competition = NAME, or a column of that name under [columns]")
        return self


def read_mapping(file: Path) -> CsvMapping:
    """Read a mapping.

    Raises
    ------
    InvalidInput
        The file cannot be read, is no TOML, or a field of it is wrong.
    """
    try:
        return CsvMapping(**tomllib.loads(file.read_text(encoding="utf-8")))
    except OSError as error:
        raise InvalidInput(f"mapping {file}: {error.strerror}; wanted a TOML file") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InvalidInput(f"mapping {file}: {error}; wanted a TOML file") from None
    except ValidationError as error:
        problems = "; ".join(
            ": ".join(filter(None, (".".join(map(str, item["loc"])), item["msg"].removeprefix("Value error, "))))
            for item in error.errors(include_url=False)
        )
        raise InvalidInput(f"mapping {file}: {problems}") from None


def read(
    paths: Sequence[Path], mapping: CsvMapping, *, refuse: Refuse = fatal, aliases: Aliases | None = None
) -> list[Imported]:
    """Every match of the files `paths`, by kickoff. A row without goals is a match that is yet to come.

    Without a column for it, a match's id is made of competition, day and teams, and its season is the year.

    Parameters
    ----------
    refuse
        Told of every bad row, with file, line, field and reason. By default the first one is raised.
    aliases
        The names that teams shall have; as they stand when None.

    Raises
    ------
    InvalidInput
        A file cannot be read or lacks a column that the mapping names.
    """
    named = [value for value in mapping.columns.model_dump().values() if value] + list(mapping.features.values())
    reader = _Reader(mapping, aliases or Aliases())
    return gather(rows(paths, [(name,) for name in named], mapping.delimiter), reader.match, refuse)


class _Reader:
    def __init__(self, mapping: CsvMapping, aliases: Aliases) -> None:
        self._mapping = mapping
        self._columns = mapping.columns
        self._aliases = aliases
        self._zone = ZoneInfo(mapping.zone)

    def match(self, row: Row) -> Imported:
        columns = self._columns
        home, away = self._aliases.of(row.name((columns.home,))), self._aliases.of(row.name((columns.away,)))
        if home == away:
            raise row.wrong((columns.away,), f"another team than the home side, {home!r}")
        competition = row.name((columns.competition,)) if columns.competition else self._mapping.competition or ""
        kickoff = self._kickoff(row)
        season = row.name((columns.season,)) if columns.season else self._mapping.season or f"{kickoff:%Y}"
        fixture = Fixture(
            match_id=row.name((columns.match_id,))
            if columns.match_id
            else f"{competition}:{kickoff:%Y%m%d}:{slug(home)}:{slug(away)}",
            competition=competition,
            season=season,
            kickoff=kickoff,
            home=home,
            away=away,
            neutral=bool(columns.neutral) and self._text(row, columns.neutral) in self._mapping.yes,
            importance=self._importance(row),
            features=self._features(row) or None,
        )
        home_goals, away_goals = columns.home_goals, columns.away_goals
        if not self._text(row, home_goals) and not self._text(row, away_goals):
            return fixture
        if home_goals is None or away_goals is None:
            raise row.wrong((home_goals or away_goals or "",), "goals of both sides; the mapping has one column only")
        return fixture.ended(row.goals((home_goals,)), row.goals((away_goals,)))

    def _text(self, row: Row, column: str | None) -> str:
        return row.text((column,)) if column else ""

    def _importance(self, row: Row) -> Literal["friendly", "competitive"]:
        return "friendly" if self._text(row, self._columns.importance) in self._mapping.friendly else "competitive"

    def _features(self, row: Row) -> dict[str, float]:
        found = {}
        for name, column in self._mapping.features.items():
            number = row.number((column,))
            if number is not None:
                found[name] = number
            elif row.text((column,)):
                raise row.wrong((column,), "a number")
        return found

    def _kickoff(self, row: Row) -> datetime:
        mapping = self._mapping
        try:
            day = datetime.strptime(row.text((self._columns.date,)), mapping.date_format).replace(tzinfo=self._zone)
        except ValueError:
            raise row.wrong((self._columns.date,), f"a day in the form {mapping.date_format}") from None
        time = self._text(row, self._columns.time)
        form = mapping.time_format if time else "%H:%M"
        try:
            clock = datetime.strptime(time or mapping.kickoff, form).replace(tzinfo=self._zone)
        except ValueError:
            raise row.wrong((self._columns.time or "",), f"a time in the form {form}") from None
        return day.replace(hour=clock.hour, minute=clock.minute).astimezone(UTC)
