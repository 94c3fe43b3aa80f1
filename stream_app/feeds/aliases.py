"""What teams are called: names that people have settled on, and a warning where two may mean the same team."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path

from stream_app.errors import InvalidInput
from stream_app.feeds.datasets import Fixture, PlayedMatch

CLUB_WORDS = frozenset(
    {
        "ac",
        "afc",
        "bc",
        "bk",
        "bsc",
        "cd",
        "cf",
        "club",
        "de",
        "fc",
        "fk",
        "if",
        "sc",
        "sk",
        "ssc",
        "sv",
        "the",
        "tsv",
        "vfb",
        "vfl",
    }
)
"""Words that say only that a name is a club's: two names that differ in nothing else are alike."""

ALIKE = 0.88
"""Similarity (1 is equal, by Jaro and Winkler) from which two words count as one word that was mistyped."""

SHORTEST_SHORTENED = 3
"""Letters that a word must have to stand for a longer one."""

SHORTEST_MISTYPED = 5
"""Letters that a word must have for that: short words differ in one letter and mean another town."""


@dataclass(frozen=True, slots=True)
class Aliases:
    """Names that stand for others. A name that is not among them stays as it is."""

    names: Mapping[str, str] = field(default_factory=dict)

    def of(self, name: str) -> str:
        """The name that the team called `name` shall have."""
        return self.names.get(name, name)


def read(file: Path) -> Aliases:
    """Read a TOML file whose table `[aliases]` gives the name to use for each other name.

    Raises
    ------
    InvalidInput
        The file cannot be read, is no TOML, or holds something else.
    """
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise InvalidInput(f"aliases {file}: {error.strerror}; wanted a TOML file") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InvalidInput(f"aliases {file}: {error}; wanted a TOML file") from None
    table = content.get("aliases")
    if set(content) != {"aliases"} or not isinstance(table, dict):
        raise InvalidInput(f"aliases {file}: wanted one table [aliases] and nothing else, such as {_EXAMPLE}")
    for name, wanted in table.items():
        if not isinstance(wanted, str) or not wanted.strip():
            raise InvalidInput(f"aliases {file}: {name!r} is {wanted!r}; wanted a name, such as {_EXAMPLE}")
        if wanted in table:
            raise InvalidInput(f"aliases {file}: {name!r} stands for {wanted!r}, which is an alias itself")
    return Aliases(table)


_EXAMPLE = '"Manchester Utd" = "Man United"'


def near_duplicates(matches: Iterable[PlayedMatch | Fixture]) -> list[tuple[str, str, str]]:
    """Competition and two names in it that may mean one team, in the order of the names.

    Two names are near when the words of one are those of the other: the same, shortened ("Utd", "Man") or mistyped,
    without accents and without words that every club has. Teams that have met are two.
    """
    teams: dict[str, set[str]] = {}
    met: set[tuple[str, str, str]] = set()
    for match in matches:
        teams.setdefault(match.competition, set()).update((match.home, match.away))
        met.add((match.competition, min(match.home, match.away), max(match.home, match.away)))
    return [
        (competition, one, other)
        for competition in sorted(teams)
        for one, other in _pairs(teams[competition])
        if (competition, one, other) not in met and _near(_words(one), _words(other))
    ]


def _pairs(names: Iterable[str]) -> Iterable[tuple[str, str]]:
    """Pairs of names whose first words begin with the same letter; others are never near."""
    by_initial: dict[str, list[str]] = {}
    for name in sorted(names):
        by_initial.setdefault("".join(_words(name))[:1], []).append(name)
    return sorted(pair for group in by_initial.values() for pair in combinations(group, 2))


def _words(name: str) -> tuple[str, ...]:
    plain = "".join(char for char in unicodedata.normalize("NFKD", name.casefold()) if not unicodedata.combining(char))
    words = tuple(re.findall(r"\w+", plain.replace("'", "").replace(".", "")))
    return tuple(word for word in words if word not in CLUB_WORDS) or words


def _near(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    return len(one) == len(other) and all(_same_word(a, b) for a, b in zip(one, other, strict=True))


def _same_word(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    if long.startswith(short):
        return True
    # "utd" for "united", "weds" for "wednesday": the letters of the short word stand in the long one in this order.
    if short[0] == long[0] and len(short) >= SHORTEST_SHORTENED and _stands_in(short, long):
        return True
    return len(short) >= SHORTEST_MISTYPED and _similarity(short, long) >= ALIKE


def _stands_in(short: str, long: str) -> bool:
    letters = iter(long)
    return all(letter in letters for letter in short)


def _similarity(one: str, other: str) -> float:
    from rapidfuzz.distance import JaroWinkler

    return JaroWinkler.similarity(one, other)
