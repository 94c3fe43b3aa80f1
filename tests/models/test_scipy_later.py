"""River is imported without SciPy, and works with it: each in a process of its own, for imports happen once."""

from __future__ import annotations

import subprocess
import sys

from stream_app.models.scipy_later import STAND_INS


def told(program: str) -> str:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_league_needs_none_of_scipys_large_parts() -> None:
    assert told(f"import sys, stream_app.league; print([name for name in {STAND_INS} if name in sys.modules])") == "[]"


DENSITY = """
from river import optim, proba
import numpy
normal = proba.MultivariateGaussian()
for x, y in [(1.0, 2.0), (2.0, 1.0), (4.0, 5.0), (3.0, 2.0)]:
    normal.update({"x": x, "y": y})
beta = proba.Beta(2, 5)
print(normal({"x": 2.0, "y": 2.0}), beta.cdf(0.3), optim.losses.CrossEntropy().mean_func(numpy.array([1.0, 2.0])))
import scipy.stats
print(scipy.stats.norm.cdf(0.0), scipy.stats.__file__.endswith("__init__.py"))
"""


def test_what_river_does_with_scipy_it_does_as_ever() -> None:
    assert told("import stream_app.models\n" + DENSITY) == told(DENSITY)
