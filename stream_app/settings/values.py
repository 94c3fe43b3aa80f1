"""What values settings may have: types that pydantic checks, and how lists are written in one line of text."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

Seconds = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(gt=0)]
Days = Annotated[float, Field(gt=0, le=36_525)]
Port = Annotated[int, Field(ge=0, le=65535)]

File = Annotated[Path | None, BeforeValidator(lambda text: text or None)]
"""A file, or none when nothing is said, also by an empty variable."""

_ADDRESS = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\s,:\[\]]+):[0-9]{1,5}")
_TOPIC_PREFIX = re.compile(r"[A-Za-z0-9._-]{0,100}")


def addresses(text: str) -> str:
    """`text` as it is. Raises ValueError if it is neither empty nor a list of addresses with ports."""
    if text and not all(_ADDRESS.fullmatch(address) for address in text.split(",")):
        raise ValueError("wanted host:port[,host:port]")
    return text


Addresses = Annotated[str, AfterValidator(addresses)]


def beginning_of_names(text: str) -> str:
    """`text` as it is. Raises ValueError if names of topics cannot begin with it."""
    if not _TOPIC_PREFIX.fullmatch(text):
        raise ValueError("wanted at most 100 of a-z, A-Z, 0-9, '.', '_' and '-'")
    return text


def names_once(text: str) -> str:
    """`text` as it is. Raises ValueError if it is not a list of names, or names one twice."""
    names = split(text)
    if not all(names) or len(set(names)) < len(names):
        raise ValueError("wanted name[,name], each name once")
    return text


def split(text: str) -> tuple[str, ...]:
    """The names in `text`, which commas separate."""
    return tuple(name.strip() for name in text.split(","))


def names_one(competition: str, words: str) -> bool:
    """Whether the name of `competition` contains one of `words`, comma-separated, in any case."""
    name = competition.casefold()
    return any(word and word in name for word in (word.strip().casefold() for word in words.split(",")))


def odds_names(text: str) -> str:
    """`text` as it is. Raises ValueError if it is not a list of three names each."""
    if any(len(names) != 3 or not all(names) for names in triples(text)):
        raise ValueError("wanted home,draw,away[;home,draw,away]")
    return text


def triples(text: str) -> list[tuple[str, ...]]:
    """The groups of names in `text`: semicolons separate groups, commas names."""
    return [tuple(name.strip() for name in group.split(",")) for group in text.split(";") if group.strip()]
