"""Asking a trained model about matches of which the numbers are known."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from stream_app.errors import InvalidInput
from stream_app.events import Forecast, LeagueConfig
from stream_app.league.saying import forecast
from stream_app.models.feature_models import input_name
from stream_app.models.inputs import ABSURD
from stream_app.workbench.shelf import Ready


def ask(ready: Ready, values: Mapping[str, float], config: LeagueConfig) -> Forecast:
    """What the model says of a match with these numbers; those that are not there stand at their mean.

    The forecast is `blocked` while the model has learned fewer than `config.cold_matches` rows.
    """
    entry = ready.entry
    return forecast(
        ready.model,
        {input_name(name): value for name, value in values.items()},
        entry.model,
        entry.version,
        "experimental",
        blocked=entry.rows < config.cold_matches,
        config=config,
    )


def in_order(texts: Sequence[str], features: Sequence[str]) -> dict[str, float]:
    """The numbers that `texts` spell, by the names of the features in whose order they stand.

    Raises InvalidInput that names the number that is none, or says how many were wanted.
    """
    if len(texts) != len(features):
        given = f"{_count(len(texts))} given ({' '.join(texts)})"
        raise InvalidInput(f"{given}: wanted {len(features)}, in this order: {', '.join(features)}")
    return {name: number(name, text) for name, text in zip(features, texts, strict=True)}


def by_name(pairs: Sequence[str], features: Sequence[str] | None = None) -> dict[str, float]:
    """The numbers that texts such as `home_form=7.5` spell.

    Raises
    ------
    InvalidInput
        A text is no such pair, a name comes twice, or is none of `features`.
    """
    values: dict[str, float] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not (name and equals):
            raise InvalidInput(f"--feature {pair!r}: wanted NAME=NUMBER, such as home_form=7.5")
        if features is not None and name not in features:
            raise InvalidInput(f"--feature {name}: the model knows no such number; wanted {', '.join(features)}")
        if name in values:
            raise InvalidInput(f"--feature {name}: given twice; wanted once")
        values[name] = number(name, text)
    return values


def number(name: str, text: str) -> float:
    """The number called `name` that `text` spells. Raises InvalidInput."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not abs(value) < ABSURD:
        raise InvalidInput(f"{name} {text!r}: wanted a number between {-ABSURD:g} and {ABSURD:g}")
    return value


def _count(numbers: int) -> str:
    return "1 number" if numbers == 1 else f"{numbers} numbers"
