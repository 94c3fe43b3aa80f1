from __future__ import annotations

import pytest

from stream_app.durability.checkpoint import Checkpoint, read_checkpoint, resume_place
from stream_app.errors import Fatal


def test_a_checkpoint_survives_the_way_through_kafka() -> None:
    checkpoint = Checkpoint(place=1_000, leagues={"bundesliga": 998, "série-a": 999})

    assert read_checkpoint(checkpoint.to_bytes()) == checkpoint


@pytest.mark.parametrize("value", [None, b"", b"no checkpoint", b"\x28\xb5\x2f\xfd\x00"])
def test_a_missing_or_damaged_checkpoint_is_none(value: bytes | None) -> None:
    assert read_checkpoint(value) is None


def test_without_a_checkpoint_the_log_is_read_from_its_beginning() -> None:
    assert resume_place(None, {}, committed=0, beginning=0) == 0


def test_with_all_snapshots_as_the_checkpoint_says_reading_goes_on_at_its_place() -> None:
    checkpoint = Checkpoint(place=100, leagues={"a": 99, "b": 40})

    assert resume_place(checkpoint, {"a": 99, "b": 40}, committed=100, beginning=0) == 100


def test_a_commit_that_did_not_come_through_means_reading_a_little_again() -> None:
    checkpoint = Checkpoint(place=100, leagues={"a": 99})

    assert resume_place(checkpoint, {"a": 99}, committed=70, beginning=0) == 70


def test_an_old_checkpoint_that_landed_late_takes_reading_back_to_its_place() -> None:
    assert resume_place(Checkpoint(60, {"a": 50}), {"a": 99}, committed=100, beginning=0) == 60


def test_an_old_snapshot_that_landed_late_is_read_on_from_where_it_ends() -> None:
    checkpoint = Checkpoint(place=100, leagues={"a": 99, "b": 40})

    assert resume_place(checkpoint, {"a": 57, "b": 40}, committed=100, beginning=0) == 58


def test_a_snapshot_that_cannot_be_used_means_reading_from_the_beginning() -> None:
    checkpoint = Checkpoint(place=100, leagues={"a": 99})

    assert resume_place(checkpoint, {"a": None}, committed=100, beginning=0) == 0
    assert resume_place(checkpoint, {}, committed=100, beginning=0) == 0


def test_a_snapshot_newer_than_the_checkpoint_needs_nothing_more() -> None:
    checkpoint = Checkpoint(place=100, leagues={"a": 99})

    assert resume_place(checkpoint, {"a": 120, "new": 110}, committed=100, beginning=0) == 100


def test_a_log_that_is_shorter_than_what_is_needed_is_fatal() -> None:
    with pytest.raises(Fatal, match="begins at offset 90 but is needed from 58"):
        resume_place(Checkpoint(100, {"a": 99}), {"a": 57}, committed=100, beginning=90)


def test_a_log_whose_read_part_was_deleted_is_fine() -> None:
    assert resume_place(Checkpoint(100, {"a": 99}), {"a": 99}, committed=100, beginning=90) == 100
