import math
from dataclasses import replace

import pytest

from tests.studies.scale import Costs, Worker, day

FREE = Costs(message_s=0.0, freeze_s=0.0, thaw_s=0.0, start_s=0.0, snapshot_bytes=1.0, base_mb=0.0, league_mb=0.0)
EVERY_10_MS = [(number / 100.0, 0) for number in range(1, 2_000)]


def test_a_message_waits_for_itself_and_for_the_checkpoint_before_it() -> None:
    load = Worker(replace(FREE, message_s=0.001, freeze_s=0.02)).run(EVERY_10_MS, math.inf)
    waits = sorted(load.before)
    assert waits[len(waits) // 2] == pytest.approx(0.001)
    assert 0.011 < waits[-1] <= 0.021 + 1e-9
    # Two or three come while one of the ten checkpoints is written.
    assert 20 <= sum(wait > 0.0011 for wait in waits) <= 40


def test_a_worker_catches_up_after_a_start_as_arithmetic_has_it() -> None:
    load = Worker(replace(FREE, message_s=0.001, start_s=2.0)).run(EVERY_10_MS, 10.0)
    # 2 s of messages wait then, one in 10 ms; of each second from there on, a tenth is needed for new ones.
    again = 0.2 / 2.0
    assert load.caught_up_s == pytest.approx(2.0 + (again + 0.2) / 0.9, rel=0.05)
    assert max(load.before) < 0.002 < max(load.after)


def test_a_seed_is_a_day() -> None:
    assert day(1, 2_000) == day(1, 2_000) != day(2, 2_000)
