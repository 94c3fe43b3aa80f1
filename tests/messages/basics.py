"""What the strategies of the messages are made of."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import get_args

from hypothesis import strategies as st

from stream_app.events import (
    Alias,
    Figures,
    Importance,
    Probabilities,
    name_id,
)

LETTERS = st.characters(categories=("L", "N", "P", "S"))
NAMES = st.builds(
    lambda head, middle, tail: f"{head}{middle}{tail}",
    LETTERS,
    st.text(st.one_of(LETTERS, st.just(" ")), max_size=30),
    LETTERS,
)
TIMES = st.datetimes(datetime(1850, 1, 2), datetime(2200, 12, 30), timezones=st.just(UTC))  # noqa: DTZ001  hypothesis wants naive bounds
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
UNIT = st.floats(0, 1)
COUNTS = st.integers(0, 10_000)
GOALS = st.integers(0, 99)
IDS = st.text().map(name_id)
MODELS = st.from_regex(r"[a-z][a-z0-9_]{0,20}", fullmatch=True)
VERSIONS = st.integers(1, 1_000)
FIGURES = st.builds(Figures, n=COUNTS, accuracy=UNIT, log_loss=st.floats(0, 14), rps=UNIT, brier=st.floats(0, 2))
ALIASES: st.SearchStrategy[Alias] = st.sampled_from(get_args(Alias))
IMPORTANCES: st.SearchStrategy[Importance] = st.sampled_from(get_args(Importance))


PROBABILITIES = st.tuples(*[st.floats(0.01, 1)] * 3).map(
    lambda odds: Probabilities(*(part / sum(odds) for part in odds))
)


WORDS = NAMES
KEYS = st.uuids().map(str)
NOTES = st.dictionaries(
    st.from_regex(r"[a-z0-9_.]{1,20}", fullmatch=True),
    st.one_of(NUMBERS, st.text(max_size=30), st.booleans()),
    max_size=5,
)
DIGESTS = st.from_regex(r"[0-9a-f]{64}", fullmatch=True)
SMALL_TEXTS = st.from_regex(r"[0-9]{1,2}(\.[0-9]{1,2}){1,2}", fullmatch=True)
