"""Rows of CSV files as people have them: where each stands, what is wrong with it, and who decides what follows."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from stream_app.contracts import encode, parse
from stream_app.errors import InvalidInput
from stream_app.feeds.datasets import Fixture, PlayedMatch
from stream_app.feeds.schedule import features_of
from stream_app.topics import FEATURES, INPUT_MAX_BYTES

Imported = PlayedMatch | Fixture


class BadRow(InvalidInput):
    """A row that is no match. The text names file, line, field, value and what would be right.

    Attributes
    ----------
    file, line
        Where the row stands; lines count from 1, the header included.
    field
        The column at fault.
    """

    def __init__(self, file: Path, line: int, field: str, value: str, wanted: str) -> None:
        super().__init__(f"{file}:{line}: {field} {value!r}: wanted {wanted}")
        self.file = file
        self.line = line
        self.field = field


Refuse = Callable[[BadRow], None]
"""Is told of every bad row. Returns to leave the row out, or raises it to end the import."""


def fatal(row: BadRow) -> None:
    """Let the first bad row end the import."""
    raise row


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a file, and where it is. `fields` holds its cells by column, without blanks around them."""

    file: Path
    line: int
    fields: Mapping[str, str]

    def text(self, names: Sequence[str]) -> str:
        """The first of the columns `names` that has something in it, "" if none has."""
        return next((self.fields[name] for name in names if self.fields.get(name)), "")

    def name(self, names: Sequence[str]) -> str:
        """The same, of a column that must not be empty. Raises BadRow."""
        text = self.text(names)
        if not text:
            raise self.wrong(names, "a name")
        return text

    def goals(self, names: Sequence[str]) -> int:
        """A number of goals. Raises BadRow."""
        text = self.text(names)
        # A column with a blank in it is written as numbers with a point by some programs.
        whole = text.removesuffix(".0")
        if not (whole.isascii() and whole.isdigit() and int(whole) <= MOST_GOALS):
            raise self.wrong(names, f"a number of goals, 0 to {MOST_GOALS}")
        return int(whole)

    def number(self, names: Sequence[str]) -> float | None:
        """A finite number, None where there is none."""
        try:
            number = float(self.text(names))
        except ValueError:
            return None
        return number if abs(number) < float("inf") else None

    def wrong(self, names: Sequence[str], wanted: str) -> BadRow:
        """What to raise when the columns `names` hold something else than `wanted`."""
        found = next((name for name in names if name in self.fields), names[0])
        return BadRow(self.file, self.line, found, self.text(names), wanted)


MOST_GOALS = 99
"""Goals that the messages' schema takes for one side."""


def rows(paths: Iterable[Path], columns: Iterable[Sequence[str]], delimiter: str = ",") -> Iterator[Row]:
    """The lines of the files `paths`; of a folder all its `.csv` files are read, those below too.

    Files may be in UTF-8, with or without a byte order mark, or in Latin-1, and may end in empty lines and columns.

    Parameters
    ----------
    columns
        What every file must have: of each group of names at least one.

    Raises
    ------
    InvalidInput
        A file cannot be read, is no CSV file, or lacks a column.
    """
    for file in files(paths):
        try:
            content = file.read_bytes()
        except OSError as error:
            raise InvalidInput(f"file {file}: {error.strerror}; wanted a CSV file or a folder of them") from None
        reader = csv.reader(io.StringIO(_decoded(content)), delimiter=delimiter)
        try:
            header = [name.strip() for name in next(reader, [])]
            for names in columns:
                if not set(names) & set(header):
                    raise InvalidInput(
                        f"file {file}: no column {' or '.join(names)}; its first line has {', '.join(header)[:200]!r}"
                    )
            for cells in reader:
                if any(cell.strip() for cell in cells):
                    named = zip(header, (cell.strip() for cell in cells), strict=False)
                    yield Row(file, reader.line_num, {name: cell for name, cell in named if name})
        except csv.Error as error:
            raise InvalidInput(f"{file}:{reader.line_num}: {error}; wanted a CSV file") from None


def files(paths: Iterable[Path]) -> Iterator[Path]:
    """`paths`, and in place of each folder the `.csv` files in it and below, sorted.

    Raises
    ------
    InvalidInput
        A folder has none.
    """
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        found = sorted(file for file in path.rglob("*") if file.suffix.lower() == ".csv")
        if not found:
            raise InvalidInput(f"folder {path}: no .csv file in it; wanted a CSV file or a folder of them")
        yield from found


def gather(source: Iterable[Row], read: Callable[[Row], Imported], refuse: Refuse) -> list[Imported]:
    """What `read` makes of the rows, by kickoff, each match once.

    A match that stands in several files counts once; where one of them has its result, that one. A second result that
    differs from the first is a bad row.
    """
    found: dict[str, Imported] = {}
    for row in source:
        try:
            match = read(row)
            _check(match, row)
            known = found.setdefault(match.match_id, match)
            if isinstance(known, Fixture):
                found[match.match_id] = match
            elif isinstance(match, PlayedMatch) and _score(known) != _score(match):
                raise BadRow(
                    row.file,
                    row.line,
                    f"{match.home} - {match.away}",
                    _score(match),
                    f"{_score(known)}, as it stood before",
                )
        except BadRow as bad:
            refuse(bad)
    return sorted(found.values(), key=lambda match: match.kickoff)


def played(matches: Iterable[Imported]) -> list[PlayedMatch]:
    """Those of `matches` whose end is known."""
    return [match for match in matches if isinstance(match, PlayedMatch)]


def some_played(matches: Iterable[Imported], paths: Sequence[Path]) -> list[PlayedMatch]:
    """Those of `matches` whose end is known. Raises InvalidInput, naming the files `paths`, when there is none."""
    ended = played(matches)
    if not ended:
        raise InvalidInput(f"{', '.join(map(str, paths))}: no played match in it; wanted files with one a line")
    return ended


def _check(match: Imported, row: Row) -> None:
    """Hold `match` against the messages' schema, so that the service will not refuse what the import let pass."""
    # Where a file does not name the season, that follows when all matches are known.
    features = features_of(match if match.season else replace(match, season="unknown"))
    try:
        parse(FEATURES, match.competition.encode(), encode(features), max_bytes=INPUT_MAX_BYTES)
    except InvalidInput as error:
        raise BadRow(row.file, row.line, "match", match.match_id, f"what a message may hold, but {error}") from None


def _score(match: PlayedMatch) -> str:
    return f"{match.home_goals}-{match.away_goals}"


def _decoded(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")
