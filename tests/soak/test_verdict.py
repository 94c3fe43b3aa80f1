from __future__ import annotations

from dataclasses import replace

import pytest

from tests.soak.verdict import Sample, Soak


def soak(*worker_mib: float) -> Soak:
    samples = [
        Sample(at_s, {"worker-1": mib, "broker": 100.0 + at_s}, {"workers": 3}) for at_s, mib in enumerate(worker_mib)
    ]
    kinds = {"predictions": 10, "evaluations": 10}
    found = {"topics": kinds, "CSV": kinds, "database": kinds}
    return Soak(samples, 10, found, kinds, 0, {"workers": 0, "sink csv": 0}, ["worker-1"])


FLAT = soak(50, 90, 100, 101, 102, 99, 103, 101)


def test_memory_that_fills_at_first_and_then_stays_is_flat() -> None:
    assert FLAT.failures() == []
    assert FLAT.memory()["worker-1"].second == 100.5


def test_a_process_that_goes_on_growing_is_named_with_its_figures() -> None:
    assert soak(50, 90, 100, 100, 104, 106, 108, 110).failures() == [
        "worker-1 grew by 9.0%, from 100 to 109 MiB: at the most 5% is flat"
    ]


def test_what_is_missing_at_one_place_is_told() -> None:
    found = {**FLAT.found, "database": {"predictions": 9, "evaluations": 10}}

    assert replace(FLAT, found=found).failures() == ["database: 9 different predictions for 10 matches"]


def test_repetitions_unread_messages_and_refusals_are_told() -> None:
    told = replace(
        FLAT,
        records={"predictions": 11, "evaluations": 10},
        left={"workers": 2},
        dead_letters=1,
    )

    assert told.failures() == [
        "predictions: 11 records for 10 matches though nothing died",
        "workers has left 2 messages unread",
        "1 messages were refused",
    ]


def test_a_process_that_ended_is_told_and_what_was_said_again_after_it_is_no_failure() -> None:
    told = replace(FLAT, records={"predictions": 11, "evaluations": 10}, ends=["sink ended with code 70: no"])

    assert told.failures() == ["sink ended with code 70: no"]


def test_a_soak_that_was_too_short_to_be_judged_is_refused() -> None:
    with pytest.raises(ValueError, match="7 samples, wanted 8"):
        soak(1, 2, 3, 4, 5, 6, 7).failures()
