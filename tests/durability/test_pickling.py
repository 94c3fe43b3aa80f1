from __future__ import annotations

import pickle
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_app.contracts import Event
from stream_app.durability.pickling import dumps
from tests import messages

PACKAGES = ("stream_app.events", __name__)


def read(blob: bytes) -> Any:
    return pickle.loads(blob)  # noqa: S301  # written by the test itself


def all_messages() -> st.SearchStrategy[Event]:
    return st.one_of(messages.features(), messages.results(), messages.predictions(), messages.evaluations())


@given(st.lists(all_messages(), max_size=3))
def test_what_is_read_is_what_was_written(state: list[Event]) -> None:
    assert read(dumps([*state, *state], PACKAGES)) == [*state, *state]


def test_one_object_in_two_places_is_still_one() -> None:
    point = Point(1.0, None)
    first, second = read(dumps([point, point], PACKAGES))
    assert first is second
    assert first == point


def test_it_takes_them_apart_itself_and_not_by_way_of_the_dataclasses_module(monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(_: object) -> None:
        raise AssertionError("the slow way")

    monkeypatch.setattr(Point, "__getstate__", slow)
    with pytest.raises(AssertionError, match="the slow way"):
        pickle.dumps(Point(1.0, None))
    assert read(dumps(Point(1.0, None), PACKAGES)) == Point(1.0, None)


@dataclass(frozen=True, slots=True)
class Point:
    x: float
    other: Point | None


@dataclass(frozen=True, slots=True)
class Single:
    values: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    x: float


@dataclass(frozen=True, slots=True)
class Counted:
    x: float
    twice: float = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "twice", 2 * self.x)


@dataclass(slots=True)
class Open:
    x: float


@dataclass(frozen=True)
class Slotless:
    x: float


@pytest.mark.parametrize(
    "state",
    [Point(1.0, Point(2.0, None)), Single((1, 2)), Single(()), Named(x=1.0), Counted(3.0), Open(1.0), Slotless(2.0)],
    ids=lambda state: type(state).__name__,
)
def test_dataclasses_of_every_kind_come_back_equal(state: object) -> None:
    assert read(dumps([state, {"a": state}], PACKAGES)) == [state, {"a": state}]
