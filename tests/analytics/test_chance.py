import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special

from stream_app.analytics.chance import chi_square_tail, normal_tail


@given(st.floats(0.0, 1_000.0), st.integers(1, 12))
def test_the_tail_of_the_chi_square_distribution_is_scipys(square: float, degrees: int) -> None:
    assert chi_square_tail(square, degrees) == pytest.approx(special.chdtrc(degrees, square), rel=1e-11)


@given(st.floats(-8.0, 30.0))
def test_the_tail_of_the_normal_distribution_is_scipys(z: float) -> None:
    assert normal_tail(z) == pytest.approx(special.ndtr(-z), rel=1e-11)


def test_what_a_league_says_of_chance_needs_no_scipy() -> None:
    program = """
import sys
from stream_app.analytics import CompetitionAnalytics
CompetitionAnalytics().figures("league", {})
print([name for name in sys.modules if name.startswith("scipy.special")])
"""
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"
