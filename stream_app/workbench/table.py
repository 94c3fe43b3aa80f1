"""Tables of numbers from files: CSV with a header, or JSON Lines with an object on each line."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson

from stream_app.errors import InvalidInput
from stream_app.events import OUTCOMES, Outcome, outcome_of
from stream_app.models.inputs import ABSURD
from stream_app.workbench.sample import IDENTITY, OUTCOME

JSON_SUFFIXES = frozenset({".jsonl", ".ndjson", ".json"})
GOALS = ("home_goals", "away_goals")
NESTED = "features"
"""Name of the object in which a line of match features, as Kafka has it, keeps its numbers."""

_EXCERPT = 60


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a table, and where it is. A field that is empty or null is not there.

    `flaw` says why the line could not be read as one, when it could not; then it has no fields.
    """

    file: str
    number: int
    fields: Mapping[str, str | float]
    flaw: str | None = None

    def text(self, name: str) -> str | None:
        """The field `name` as text, None when it is not there."""
        value = self.fields.get(name)
        return None if value is None else str(value)

    def wrong(self, name: str, wanted: str) -> InvalidInput:
        """The error that says where the line is, what the field holds, and what was wanted."""
        value = self.fields.get(name, "")
        return InvalidInput(f"{self.file}:{self.number}: {name} {str(value)[:_EXCERPT]!r}: wanted {wanted}")

    def values(self, features: Sequence[str]) -> dict[str, float]:
        """The numbers called `features` that are there; an empty one is not known.

        Raises
        ------
        InvalidInput
            One of them is no number, none is there, or the line could not be read.
        """
        self.require_read()
        values = {name: self._number(name) for name in features if name in self.fields}
        if not values:
            raise InvalidInput(f"{self.file}:{self.number}: no number in it; wanted {', '.join(features)}")
        return values

    def require_read(self) -> None:
        """Raises InvalidInput when the line could not be read."""
        if self.flaw is not None:
            raise InvalidInput(f"{self.file}:{self.number}: {self.flaw}")

    def outcome(self, column: str) -> Outcome:
        """How the match ended: H, D or A in `column`, or as its goals say. Raises InvalidInput."""
        for outcome in OUTCOMES:
            if self.fields.get(column) == outcome:
                return outcome
        if column not in self.fields and all(name in self.fields for name in GOALS):
            home, away = map(self._goals, GOALS)
            return outcome_of(home, away)
        raise self.wrong(column, "H (home win), D (draw) or A (away win)")

    def _goals(self, name: str) -> int:
        value = self._number(name)
        if value < 0 or value != int(value):
            raise self.wrong(name, "a number of goals")
        return int(value)

    def _number(self, name: str) -> float:
        try:
            value = float(self.fields[name])
        except ValueError:
            value = math.nan
        if not abs(value) < ABSURD:
            raise self.wrong(name, f"a number between {-ABSURD:g} and {ABSURD:g}")
        return value


@dataclass(frozen=True, slots=True)
class Table:
    """The lines of a file, and the names of its columns in their order."""

    file: str
    columns: tuple[str, ...]
    lines: tuple[Line, ...]

    def require(self, columns: Sequence[str]) -> None:
        """Raises InvalidInput when one of `columns` is missing, naming it and those that are there."""
        missing = [name for name in columns if name not in self.columns]
        if missing:
            raise InvalidInput(
                f"{self.file}: no column {', '.join(missing)}; wanted {', '.join(columns)}"
                f" (there are {', '.join(self.columns)})"
            )

    def features(self, outcome: str) -> tuple[str, ...]:
        """The columns to learn from where nothing is said: all but the names of the match, its goals and its outcome.

        Raises
        ------
        InvalidInput
            There is none, or one of them holds something else than numbers.
        """
        names = tuple(name for name in self.columns if name not in (*IDENTITY, *GOALS, OUTCOME, outcome))
        if not names:
            raise InvalidInput(f"{self.file}: no column of numbers; wanted some beside {outcome}")
        for line in self.lines:
            line.require_read()
            try:
                line.values(names)
            except InvalidInput as error:
                raise InvalidInput(f"{error}; name the columns of numbers with --features if this is not one") from None
        return names


def read_table(path: Path) -> Table:
    """The table in the file `path`: JSON Lines by its name (.jsonl, .ndjson, .json), else CSV with a header.

    A line of JSON Lines may keep its numbers in an object `features`, as match features do on their topic.

    Raises
    ------
    InvalidInput
        The file cannot be read, is no such table, or has no line that can be read; the text says where.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InvalidInput(f"file {path}: {error.strerror}; wanted a CSV file or a file of JSON Lines") from None
    return table_of(str(path), content)


def table_of(name: str, content: bytes) -> Table:
    """The table in `content`, the bytes of a file called `name`. Raises InvalidInput like `read_table`."""
    of_json = Path(name).suffix.lower() in JSON_SUFFIXES
    lines = tuple(_json_lines(name, content) if of_json else _csv_lines(name, content))
    if not lines:
        raise InvalidInput(f"{name}: no line in it; wanted {'an object a line' if of_json else 'a header and lines'}")
    if all(line.flaw for line in lines):
        lines[0].require_read()
    columns = tuple(dict.fromkeys(field for line in lines for field in line.fields))
    return Table(name, _header(content) if not of_json else columns, lines)


def _header(content: bytes) -> tuple[str, ...]:
    names = next(csv.reader(io.StringIO(content.decode("utf-8-sig"))), [])
    # Programs for tables leave columns behind that have neither a name nor anything in them.
    return tuple(name.strip() for name in names if name.strip())


def _csv_lines(name: str, content: bytes) -> Iterator[Line]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidInput(f"{name}: byte {error.start} is not UTF-8; wanted a CSV file in UTF-8") from None
    reader = csv.reader(io.StringIO(text), strict=True)
    try:
        header = [column.strip() for column in next(reader, [])]
        doubled = sorted({column for column in header if column and header.count(column) > 1})
        if doubled:
            raise InvalidInput(f"{name}:1: column {doubled[0]!r} twice; wanted each once")
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) != len(header):
                flaw = f"{len(cells)} fields; wanted {len(header)}, as many as the header names"
                yield Line(name, reader.line_num, {}, flaw)
                continue
            stripped = zip(header, (cell.strip() for cell in cells), strict=True)
            yield Line(name, reader.line_num, {column: cell for column, cell in stripped if column and cell})
    except csv.Error as error:
        raise InvalidInput(f"{name}:{reader.line_num}: {error}; wanted a CSV file") from None


def _json_lines(name: str, content: bytes) -> Iterator[Line]:
    for number, text in enumerate(content.splitlines(), start=1):
        if not text.strip():
            continue
        try:
            fields = orjson.loads(text)
        except orjson.JSONDecodeError as error:
            yield Line(name, number, {}, f"not JSON: {error.msg}; wanted an object on each line")
            continue
        if not isinstance(fields, dict):
            shown = text[:_EXCERPT].decode(errors="replace")
            yield Line(name, number, {}, f"{shown!r}: wanted an object on each line")
            continue
        nested = fields.pop(NESTED, None)
        flat = fields | (nested if isinstance(nested, dict) else {})
        yield Line(name, number, {field: _plain(value) for field, value in flat.items() if value is not None})


def _plain(value: object) -> str | float:
    """A JSON value as a cell: numbers stay numbers, everything else is a text, which is no number."""
    if isinstance(value, bool):
        return str(value).lower()
    return value if isinstance(value, int | float | str) else orjson.dumps(value).decode()
