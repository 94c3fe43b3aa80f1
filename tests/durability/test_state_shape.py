"""A state of another shape needs another format, or workers would take old snapshots for their own."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from stream_app.durability.snapshot import FORMAT
from tests.durability import state_shape
from tests.durability.state_shape import Shape, shape, shape_of, written

WRITE = "`python -m tests.durability.state_shape` writes it down"


def what_to_do(old_format: int, old: Shape, new_format: int, new: Shape) -> str | None:
    """What somebody has to do who has changed the state, None when nothing has."""
    if (old_format, old) == (new_format, new):
        return None
    if old_format != new_format:
        return f"format {new_format} is new, and the shape on record is that of format {old_format}: {WRITE}"
    changed = sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name))
    return (
        f"the state of a league has another shape ({', '.join(changed)}): raise FORMAT in"
        f" stream_app/durability/snapshot.py, so that workers rebuild it from the log, and then {WRITE}"
    )


def test_a_state_of_another_shape_has_another_format() -> None:
    told = what_to_do(*written(), FORMAT, shape())
    assert told is None, told


@dataclass
class _Inner:
    x: float


@dataclass(frozen=True, slots=True)
class _Outer:
    inner: _Inner
    names: dict[str, list[_Inner]]


def test_a_changed_attribute_anywhere_in_the_state_is_another_shape(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(state_shape, "OURS", __name__)
    deep = _Inner(1.0)
    state = _Outer(_Inner(2.0), {"a": [deep]})
    before = shape_of(state)
    assert before == {f"{__name__}._Inner": ["x"], f"{__name__}._Outer": ["inner", "names"]}
    deep.y = 3.0  # type: ignore[attr-defined]  # the change
    after = shape_of(state)
    assert after[f"{__name__}._Inner"] == ["x", "y"]
    assert "raise FORMAT" in (what_to_do(1, before, 1, after) or "")
    assert "_Inner" in (what_to_do(1, before, 1, after) or "")
    assert "writes it down" in (what_to_do(1, before, 2, after) or "")
    assert what_to_do(1, before, 1, before) is None
