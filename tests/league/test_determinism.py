"""The same events give the same bits: in another process, with another hash seed, after any number of snapshots."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import cache
from importlib import import_module

import orjson
import pytest

from stream_app.events import Configure, Features
from stream_app.feeds.schedule import schedule
from stream_app.league import League
from stream_app.league.digest import digest
from stream_app.settings import load
from tests.league.story import reloaded
from tests.support.matches import played

MATCHES = 120


@cache
def told(snapshot_every: int) -> str:
    """Digests of everything that a league said of a small competition, and of its state at the end."""
    league = League("small")
    league.configure(Configure("small", load().league_config("small")))
    said = []
    for place, event in enumerate(schedule(played("small", MATCHES))):
        if place % snapshot_every == snapshot_every - 1:
            league = reloaded(league)
        said += league.predict(event) if isinstance(event, Features) else league.learn(event)
    assert len(said) >= 2 * MATCHES
    return orjson.dumps([digest(said), digest(league), digest(league.scoreboard())]).decode()


def told_elsewhere(**environment: str) -> str:
    """What another process says, with these variables in its environment."""
    program = f"from {__name__} import told; print(told(1000000))"
    variables = os.environ | {"PYTHONPATH": os.getcwd()} | environment
    run = subprocess.run([sys.executable, "-c", program], env=variables, capture_output=True, text=True, check=True)
    return run.stdout.strip()


@pytest.mark.slow
@pytest.mark.parametrize("hash_seed", ["1", "4242"])
def test_another_process_with_another_hash_seed_says_the_same_to_the_last_bit(hash_seed: str) -> None:
    assert told_elsewhere(PYTHONHASHSEED=hash_seed) == told(1_000_000)


@pytest.mark.slow
@pytest.mark.parametrize("core", ["Prescott", "Haswell"])
def test_the_linear_algebra_of_another_processor_says_the_same_to_the_last_bit(core: str) -> None:
    assert told_elsewhere(OPENBLAS_CORETYPE=core) == told(1_000_000)


@pytest.mark.slow
def test_a_processor_without_the_newer_vector_instructions_says_the_same_to_the_last_bit() -> None:
    numpy_core = import_module("numpy._core._multiarray_umath")
    supported = [name for name in numpy_core.__cpu_dispatch__ if numpy_core.__cpu_features__[name]]
    assert supported, "this processor has nothing to leave out"
    assert told_elsewhere(NPY_DISABLE_CPU_FEATURES=" ".join(supported)) == told(1_000_000)


@pytest.mark.parametrize("snapshot_every", [1, 7])
def test_snapshots_on_the_way_make_no_difference(snapshot_every: int) -> None:
    assert told(snapshot_every) == told(1_000_000)
