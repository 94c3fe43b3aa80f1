from __future__ import annotations

import hashlib
import os
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_app.durability import snapshot
from stream_app.durability.snapshot import (
    SnapshotInfo,
    SnapshotRefused,
    freeze,
    inspect,
    is_piece,
    is_whole,
    pack,
    thaw,
    unpack,
    whole,
)

KEY = b"a key"
INFO = SnapshotInfo(competition="bundesliga", position=1234)
STATE = {"ratings": [1.5, -0.25], "names": {"a": (1, 2)}}


def test_a_state_comes_back_as_it_was_frozen() -> None:
    blob = freeze(STATE, INFO, KEY)

    assert inspect(blob, KEY) == INFO
    assert thaw(blob, KEY) == STATE


def test_a_snapshot_signed_with_another_key_is_refused() -> None:
    with pytest.raises(SnapshotRefused, match="another key"):
        inspect(freeze(STATE, INFO, b"their key"), KEY)


@given(position=st.integers(0, 10_000), flip=st.integers(1, 255))
def test_a_snapshot_with_any_byte_changed_is_refused(position: int, flip: int) -> None:
    blob = bytearray(freeze(STATE, INFO, KEY))
    blob[position % len(blob)] ^= flip

    with pytest.raises(SnapshotRefused):
        thaw(bytes(blob), KEY)


@given(length=st.integers(0, 10_000))
def test_a_snapshot_that_was_cut_off_is_refused(length: int) -> None:
    blob = freeze(STATE, INFO, KEY)

    with pytest.raises(SnapshotRefused):
        thaw(blob[: length % len(blob)], KEY)


def test_a_snapshot_of_another_format_is_refused_and_says_which(monkeypatch: pytest.MonkeyPatch) -> None:
    blob = freeze(STATE, INFO, KEY)
    monkeypatch.setattr(snapshot, "FORMAT", snapshot.FORMAT + 1)

    with pytest.raises(
        SnapshotRefused, match=f"format {snapshot.FORMAT - 1} of .*, this program has format {snapshot.FORMAT}"
    ):
        inspect(blob, KEY)


def test_a_snapshot_of_another_river_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    blob = freeze(STATE, INFO, KEY)
    monkeypatch.setattr(snapshot, "VERSIONS", {**snapshot.VERSIONS, "river": "0.0.1"})

    with pytest.raises(SnapshotRefused, match=r"0\.0\.1"):
        inspect(blob, KEY)


class Bomb:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, ("false",)


class Reader:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return eval, ("1 + 1",)


@pytest.mark.parametrize("state", [Bomb(), Reader(), {"deep": [Bomb()]}])
def test_even_with_the_right_signature_nothing_that_acts_is_unpickled(state: object) -> None:
    with pytest.raises(SnapshotRefused, match="not on the list"):
        thaw(freeze(state, INFO, KEY), KEY)


def test_a_function_of_an_allowed_package_is_refused() -> None:
    class Disguised:
        def __reduce__(self) -> tuple[object, tuple[()]]:
            from river.datasets import base

            return base.get_data_home, ()

    with pytest.raises((SnapshotRefused, pickle.PicklingError, AttributeError)):
        thaw(freeze(Disguised(), INFO, KEY), KEY)


def test_a_small_snapshot_is_one_record() -> None:
    records = pack(b"small", "bundesliga", None)

    assert [key for key, _ in records] == [b"bundesliga"]
    assert unpack("bundesliga", dict(records).get) == b"small"


def test_a_large_snapshot_comes_back_from_its_pieces() -> None:
    blob = os.urandom(1000)
    records = pack(blob, "bundesliga", None, piece_bytes=300)

    assert len(records) == 5
    assert [is_piece(key) for key, _ in records] == [True] * 4 + [False]
    assert unpack("bundesliga", dict(records).get) == blob


@given(died_after=st.integers(0, 4))
def test_a_process_that_dies_between_two_pieces_leaves_the_last_whole_snapshot(died_after: int) -> None:
    table = dict(pack(hashlib.sha256(b"old").digest() * 30, "bundesliga", None, piece_bytes=300))
    old = unpack("bundesliga", table.get)
    new = hashlib.sha256(b"new").digest() * 35

    table.update(pack(new, "bundesliga", table[b"bundesliga"], piece_bytes=300)[:died_after])

    assert unpack("bundesliga", table.get) == old


def test_two_snapshots_in_turn_replace_each_other() -> None:
    table: dict[bytes, bytes] = {}
    for number in range(5):
        blob = bytes([number]) * 1000
        table.update(pack(blob, "bundesliga", table.get(b"bundesliga"), piece_bytes=300))
        assert unpack("bundesliga", table.get) == blob
    assert len(table) == 9


def test_a_snapshot_of_any_size_is_one_record_where_nobody_has_to_cut_it() -> None:
    blob = bytes(range(256)) * 10
    assert not is_whole(pack(blob, "bundesliga", None, piece_bytes=300)[-1][1])
    assert is_whole(whole(blob))
    assert unpack("bundesliga", {b"bundesliga": whole(blob)}.get) == blob


def test_a_missing_piece_or_a_missing_snapshot_is_refused() -> None:
    records = dict(pack(b"x" * 1000, "bundesliga", None, piece_bytes=300))
    del records[next(key for key in records if is_piece(key))]

    with pytest.raises(SnapshotRefused, match="do not belong together"):
        unpack("bundesliga", records.get)
    with pytest.raises(SnapshotRefused, match="there is none"):
        unpack("premier-league", records.get)
