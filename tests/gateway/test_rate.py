from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_app.gateway.rate import RateLimit


def test_a_burst_is_taken_and_then_as_many_as_the_rate_says() -> None:
    now = [0.0]
    limit = RateLimit(10.0, 100, clock=lambda: now[0])
    assert limit.wait("a", 100) == 0.0
    assert limit.wait("a", 5) == pytest.approx(0.5)
    assert limit.wait("b", 100) == 0.0
    now[0] = 0.5
    assert limit.wait("a", 5) == 0.0
    assert limit.wait("a", 1) == pytest.approx(0.1)


@given(st.lists(st.tuples(st.floats(0.0, 5.0), st.integers(1, 20)), max_size=60))
def test_nobody_ever_gets_more_than_a_burst_and_the_rate(asked: list[tuple[float, int]]) -> None:
    now, taken = 0.0, 0
    limit = RateLimit(3.0, 20, clock=lambda: now)
    for pause, messages in asked:
        now += pause
        wait = limit.wait("a", messages)
        if wait == 0.0:
            taken += messages
        else:
            now += wait + 1e-9
            assert limit.wait("a", messages) == 0.0
            taken += messages
        assert taken <= 20 + 3.0 * now + 1e-6
