"""The shape of a league's state in its snapshots: `python -m tests.durability.state_shape` writes it down anew."""

from __future__ import annotations

import io
import pickle
from itertools import islice
from pathlib import Path
from typing import Any

import orjson

from stream_app.contracts import KIND_OF_TOPIC, encode
from stream_app.durability.book import Book
from stream_app.durability.log import NO_SOURCE, Entry
from stream_app.durability.snapshot import FORMAT
from stream_app.evaluation import rolling
from stream_app.events import Configure
from stream_app.league import course, settled
from stream_app.lifecycle import recent
from stream_app.models import leaf_observations
from stream_app.settings import load
from tests.chaos.sent import GOOD
from tests.chaos.traffic import traffic

FILE = Path(__file__).with_suffix(".json")
OURS = "stream_app."
"""Whose classes count. Those of River and NumPy have their versions in every snapshot."""

MESSAGES = 1_200
COMPETITION = "alpha"

Shape = dict[str, list[str]]
"""The attributes of every class of which the state has an instance, and how modules lay out what they pack."""

PACKING = (course, leaf_observations, recent, rolling, settled)
"""Modules that write a part of the state as bytes."""


class _Observer(pickle.Pickler):
    """Sees every object that a snapshot would hold."""

    def __init__(self) -> None:
        super().__init__(io.BytesIO(), protocol=5)
        self.seen: dict[str, set[str]] = {}

    def reducer_override(self, obj: object) -> Any:
        """Note what `obj` is made of, and leave the pickling to others."""
        cls = type(obj)
        if cls.__module__.startswith(OURS):
            slots = {name for base in cls.__mro__ for name in getattr(base, "__slots__", ())}
            of_instance = getattr(obj, "__dict__", {})
            self.seen.setdefault(f"{cls.__module__}.{cls.__qualname__}", set()).update(slots, of_instance)
        return NotImplemented


def shape_of(state: object) -> Shape:
    """The attributes of every class of ours in `state`."""
    observer = _Observer()
    observer.dump(state)
    return {name: sorted(attributes) for name, attributes in sorted(observer.seen.items())}


def shape() -> Shape:
    """The shape of the state of an eventful league."""
    return shape_of(eventful()) | {module.__name__: list(module.LAYOUT) for module in PACKING}


def eventful() -> Book:
    """A book that has seen all that feeds send and people ask: revisions, corrections, postponed matches, commands."""
    book = Book(COMPETITION)
    configure = encode(Configure(COMPETITION, load().league_config(COMPETITION)))
    book.apply(0, Entry("configure", COMPETITION, NO_SOURCE, -1, configure))
    sent = (each for each in traffic([COMPETITION], seed=1, partitions=1) if each.made == GOOD)
    for offset, message in enumerate(islice(sent, MESSAGES), start=1):
        kind = KIND_OF_TOPIC[message.topic]
        book.apply(offset, Entry(kind, COMPETITION, message.topic, offset, message.value or b""))
    return book


def written() -> tuple[int, Shape]:
    """The format and the shape that were written down last."""
    content = orjson.loads(FILE.read_bytes())
    return content["format"], content["shape"]


if __name__ == "__main__":
    FILE.write_bytes(
        orjson.dumps({"format": FORMAT, "shape": shape()}, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    )
